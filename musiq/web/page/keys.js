/** All keys: where they work, which they are, what they do in words. The help is made of this. */
export const KEYS = {
  sheet: {
    title: "In the contact sheet",
    keys: [
      ["move", "arrow keys, Home, End, Page Up, Page Down", "go from photo to photo"],
      ["open", "Enter", "show the photo large"],
      ["pick", "P", "pick (with Shift: and go on to the next)"],
      ["reject", "X", "reject (with Shift: and go on)"],
      ["unmark", "U", "take the mark off"],
      ["select", "Space", "select or let go"],
      ["all", "A", "select all that are shown, or none"],
      ["compare", "C", "compare the selected, or the photo with similar ones"],
      ["map", "M", "show the photo with its map of quality"],
    ],
  },
  page: {
    title: "Everywhere",
    keys: [
      ["find", "/", "find by name or folder"],
      ["undo", "Z", "take the last mark back"],
      ["help", "?", "this help"],
      ["close", "Escape", "close what is open, or let the selection go"],
    ],
  },
  detail: {
    title: "In the large view",
    keys: [
      ["before", "Left", "previous photo"],
      ["after", "Right", "next photo"],
      ["pick", "P", "pick"],
      ["reject", "X", "reject"],
      ["unmark", "U", "take the mark off"],
      ["map", "M", "next map over the photo, or none"],
      ["compare", "C", "compare with similar photos"],
      ["in", "+", "zoom in"],
      ["out", "-", "zoom out"],
      ["fit", "0", "fit"],
      ["full", "1", "100 %"],
    ],
  },
  compare: {
    title: "While comparing",
    keys: [
      ["before", "Left", "previous photo"],
      ["after", "Right", "next photo"],
      ["move", "Shift and arrow keys", "move all photos together"],
      ["pick", "P", "pick"],
      ["reject", "X", "reject"],
      ["unmark", "U", "take the mark off"],
      ["only", "B", "pick this one and reject the others"],
      ["in", "+", "zoom in"],
      ["out", "-", "zoom out"],
      ["fit", "0", "fit"],
      ["full", "1", "100 %"],
    ],
  },
};

const NAMES = { Left: "arrowleft", Right: "arrowright", Space: " " };
const TYPED = "input:not([type=checkbox], [type=radio], [type=range], [type=file]), select, textarea";

let on = true;

/** Whether single keys do something; some programs for speech input press them by mistake. */
export function allowKeys(allowed) {
  on = allowed;
}

/**
 * Calls an action of `does` for its key of `KEYS[where]`.
 *
 * @param {EventTarget} target
 * @param {string} where
 * @param {Object<string, (event: KeyboardEvent) => any>} does by name; false leaves the key to the browser.
 * @param {(event: KeyboardEvent) => boolean} wanted whether a press counts here.
 */
export function listenForKeys(target, where, does, wanted = () => true) {
  const named = new Map(KEYS[where].keys.map(([name, key]) => [NAMES[key] ?? key.toLowerCase(), name]));
  target.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.target.matches?.(TYPED))
      return;
    const key = event.key === "=" ? "+" : event.key.toLowerCase();
    if (!on && key.length === 1 && key !== " ") return;
    const action = does[named.get(key)];
    if (action && wanted(event) && action(event) !== false) event.preventDefault();
  });
}
