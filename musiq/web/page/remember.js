/** What this browser remembers under a name; null if nothing, or if it may not remember. */
export function recall(name) {
  try {
    return localStorage.getItem(`musiq.${name}`);
  } catch {
    return null;
  }
}

/** Keeps a text under a name for the next visit, where the browser allows it. */
export function remember(name, text) {
  try {
    localStorage.setItem(`musiq.${name}`, text);
  } catch {
    // a private window: the choice lives as long as the page
  }
}
