/** The element of index.html with this id. */
export const byId = (id) => document.getElementById(id);

/**
 * A new element. Text is always text, whatever a file is called: nothing here reads HTML.
 *
 * @param {string} tag
 * @param {Object} facts attributes; `text` is its text, `onclick` and the like listen, false and null are left out.
 * @param {...(Node|string)} children
 */
export function make(tag, facts = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(facts)) {
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined)
      element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** The picture of index.html's sprite with this name, hidden from screen readers. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const [picture, use] = [document.createElementNS(space, "svg"), document.createElementNS(space, "use")];
  use.setAttribute("href", `#i-${name}`);
  picture.setAttribute("aria-hidden", "true");
  picture.append(use);
  return picture;
}

/** What `task` gives, called at the next frame however often it is asked for before. */
export function oncePerFrame(task) {
  let asked = 0;
  return () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      task();
    });
  };
}

/** Calls `task` when the next frame has been drawn. */
export function afterFrame(task) {
  requestAnimationFrame(() => setTimeout(task));
}
