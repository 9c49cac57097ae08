import { recall, remember } from "./remember.js";

const THEMES = ["auto", "dark", "light"];
let theme = THEMES.includes(recall("theme")) ? recall("theme") : "auto";
apply();

function apply() {
  document.documentElement.dataset.theme = theme;
}

/** Makes a button switch between the system's theme, dark and light; remembered in this browser. */
export function bindTheme(button) {
  const name = () => {
    const words = `Theme: ${theme === "auto" ? "as the system" : theme}`;
    button.setAttribute("aria-label", words);
    button.title = words;
  };
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    remember("theme", theme);
    apply();
    name();
  });
  name();
}
