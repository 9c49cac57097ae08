import { refocus } from "./dialogs.js";
import { icon, make } from "./element.js";

const MARKS = [
  ["pick", "Pick", "P"],
  ["reject", "Reject", "X"],
  [null, "Unmark", "U"],
];

/** Fills a box with buttons that mark a photo and show how it is marked; the focus stays where it can. */
export function drawMarks(box, photo, mark) {
  const focused = [...box.children].indexOf(document.activeElement);
  box.replaceChildren(...markButtons(photo, mark));
  if (focused < 0) return;
  if (box.children[focused].disabled) refocus();
  else box.children[focused].focus();
}

function markButtons(photo, mark) {
  return MARKS.map(([pick, words, key]) =>
    make(
      "button",
      {
        type: "button",
        class: `small mark-${pick}`,
        title: `${words} (${key})`,
        "aria-pressed": pick === null ? null : `${photo.pick === pick}`,
        disabled: pick === null && !photo.pick,
        onclick: () => mark(pick),
      },
      ...(pick ? [icon(pick)] : []),
      words,
    ),
  );
}
