const MOST = 40; // times the photo that fits

/**
 * How far photos are magnified and which point of them is in the middle; shared by all panes that show the same scene.
 * Tells `change`.
 *
 * `scale` 1 fits the photo into its pane; `x` and `y` are shares of the photo's width and height.
 */
export class Zoom extends EventTarget {
  scale = 1;
  x = 0.5;
  y = 0.5;

  fit() {
    this.#set(1, 0.5, 0.5);
  }

  /** Magnifies by a factor around a point (shares of the photo), which stays where it is; not below `least`. */
  by(factor, x = this.x, y = this.y, least = 1) {
    const scale = Math.min(MOST, Math.max(least, this.scale * factor));
    const share = this.scale / scale;
    this.#set(scale, x + (this.x - x) * share, y + (this.y - y) * share);
  }

  /** Moves by shares of the photo. */
  move(x, y) {
    this.#set(this.scale, this.x + x, this.y + y);
  }

  #set(scale, x, y) {
    const inside = (value) => Math.min(1, Math.max(0, value));
    Object.assign(this, scale <= 1 ? { scale, x: 0.5, y: 0.5 } : { scale, x: inside(x), y: inside(y) });
    this.dispatchEvent(new Event("change"));
  }
}
