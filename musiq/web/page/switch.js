import { make } from "./element.js";

const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

/**
 * Fills a radio group with buttons of which one is on; arrow keys turn it.
 *
 * @param {HTMLElement} group
 * @param {[any, string][]} choices value and words of each.
 * @param {any} chosen the value that is on.
 * @param {(value: any) => any} choose called with another.
 */
export function switchOf(group, choices, chosen, choose) {
  const focused = group.contains(document.activeElement);
  const buttons = choices.map(([value, text]) => {
    const on = value === chosen;
    return make("button", {
      type: "button",
      role: "radio",
      class: "small",
      text,
      "aria-checked": `${on}`,
      tabindex: on ? 0 : -1,
      onclick: () => choose(value),
    });
  });
  group.replaceChildren(...buttons);
  group.onkeydown = (event) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    buttons[(buttons.indexOf(event.target) + step + buttons.length) % buttons.length].click();
  };
  if (focused) buttons.find((button) => button.tabIndex === 0)?.focus();
}
