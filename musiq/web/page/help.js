import { byId, make } from "./element.js";
import { KEYS, allowKeys } from "./keys.js";
import { recall, remember } from "./remember.js";

const ADVICE = [
  "Drag the line in the histogram to show only the better photos; then pick those above it, or reject those below.",
  "A mark is for the whole selection if the photo is selected, else for the photo alone.",
  "Ctrl and click selects a photo, Shift and click all up to it.",
  "In the large view and while comparing: wheel, pinch or double click zooms, dragging moves.",
];

/** Fills the dialog of keys and advice. */
export function fillHelp() {
  const single = make("input", { type: "checkbox", checked: recall("keys") !== "off" });
  const apply = () => allowKeys(single.checked);
  single.addEventListener("change", () => {
    remember("keys", single.checked ? "on" : "off");
    apply();
  });
  apply();
  byId("help-body").replaceChildren(
    ...ADVICE.map((text) => make("p", { text })),
    ...Object.values(KEYS).flatMap(({ title, keys }) => [make("h3", { text: title }), table(keys)]),
    make("label", { class: "choice" }, single, "Single keys do something"),
  );
}

function table(keys) {
  const rows = keys.map(([, key, words]) =>
    make("tr", {}, make("th", { scope: "row" }, make("kbd", { text: key })), make("td", { text: words })),
  );
  return make("table", { class: "keys" }, make("tbody", {}, ...rows));
}
