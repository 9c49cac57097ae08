/** The selected photos. Tells `change`. */
export class Selection extends EventTarget {
  ids = new Set();
  #start = null; // of a range

  has(id) {
    return this.ids.has(id);
  }

  toggle(id) {
    if (!this.ids.delete(id)) this.ids.add(id);
    this.#start = id;
    this.#changed();
  }

  /** Adds all from the last one toggled, else from the active one, to this one, in the order shown. */
  extend(id, view, active) {
    this.#start = [this.#start, active].find((one) => view.placeOf(one) >= 0) ?? id;
    const [from, to] = [view.placeOf(this.#start), view.placeOf(id)];
    if (to < 0) return;
    for (const photo of view.shown.slice(Math.min(from, to), Math.max(from, to) + 1)) this.ids.add(photo.id);
    this.#changed();
  }

  /** Selects all that are shown. */
  all(view) {
    this.ids = new Set(view.shown.map((photo) => photo.id));
    this.#changed();
  }

  clear() {
    this.ids.clear();
    this.#start = null;
    this.#changed();
  }

  /** Lets go what is not shown any more: nobody shall mark what he does not see. */
  keepShown(view) {
    const before = this.ids.size;
    for (const id of this.ids) if (view.placeOf(id) < 0) this.ids.delete(id);
    if (this.ids.size !== before) this.#changed();
  }

  /** What a mark on this photo is for: the whole selection if the photo is in it, else the photo alone. */
  with(id) {
    return this.ids.has(id) ? [...this.ids] : [id];
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}
