import { leave, topDialog } from "./dialogs.js";
import { byId, icon, make } from "./element.js";

const SHOWN_MS = 6000;

/** Says a sentence to screen readers when they have time. */
export function say(words) {
  place();
  byId("said").textContent = "";
  requestAnimationFrame(() => {
    byId("said").textContent = words;
  });
}

/** Shows a sentence about what went wrong until it is closed, and says it at once. */
export function complain(words) {
  show(make("div", { class: "message alert", role: "alert" }, words), Infinity);
}

/** Shows that something was done, with a button for what may be done next. */
export function tell(words, label, action) {
  const message = make("div", { class: "message", role: "status" }, words);
  if (label) {
    message.append(
      make("button", {
        type: "button",
        class: "small",
        text: label,
        onclick: () => {
          remove(message);
          action();
        },
      }),
    );
  }
  show(message, SHOWN_MS);
  return message;
}

/** Runs a task; if it fails, says what failed and why. Gives what the task gives, undefined after a failure. */
export async function attempt(what, task) {
  try {
    return await task();
  } catch (error) {
    if (error.name !== "AbortError") complain(`${what}: ${error.message}`);
    if (!("kind" in error) && error.name !== "AbortError") console.error(error);
    return undefined;
  }
}

function show(message, milliseconds) {
  const box = byId("toasts");
  const same = [...box.children].find((one) => one.firstChild?.textContent === message.firstChild.textContent);
  if (same) remove(same);
  message.append(
    make(
      "button",
      { type: "button", class: "bare small", "aria-label": "Close the message", onclick: () => remove(message) },
      icon("close"),
    ),
  );
  place();
  box.append(message);
  while (box.children.length > 3) remove(box.firstChild);
  if (milliseconds !== Infinity) setTimeout(() => remove(message), milliseconds);
}

function remove(message) {
  leave(message);
  message.remove();
}

/** An open dialog makes all else out of reach, so that messages move into it. */
function place() {
  const host = topDialog() ?? document.body;
  if (byId("messages").parentNode === host) return;
  host.append(byId("messages"));
  host.addEventListener("close", place, { once: true });
}
