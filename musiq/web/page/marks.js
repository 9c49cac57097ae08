import { icon, make } from "./element.js";

const MARKS = [
  ["pick", "Pick", "P"],
  ["reject", "Reject", "X"],
  [null, "Unmark", "U"],
];

/** Buttons that mark a photo and show how it is marked. */
export function markButtons(photo, mark) {
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
