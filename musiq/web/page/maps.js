import { getMaps } from "./api.js";
import { leave } from "./dialogs.js";
import { byId, make } from "./element.js";
import { paintBar, paintMap } from "./heat.js";
import { complain } from "./messages.js";
import { patiently } from "./patience.js";
import { switchOf } from "./switch.js";

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const FOCUSABLE = {
  tabindex: "0",
  role: "application",
  "aria-label": "Map of quality: arrow keys go from region to region",
};

/** Maps of quality over the photo of a pane: a switch for each scale, a colour bar, and the value of each region. */
export class Maps {
  wanted = false; // whether a map shall be seen, of this photo and the next ones
  #index = null; // of the scale; null for the one that shows most
  #maps = null;
  #abort = new AbortController();
  #at = [0, 0]; // row and column of the region that the keys are at

  constructor(pane, scale) {
    Object.assign(this, { pane, scale });
    this.canvas = make("canvas", { class: "map" });
    this.worst = make("div", { class: "worst", "aria-hidden": "true" });
    this.region = make("div", { class: "region", "aria-hidden": "true" });
    pane.over.append(this.canvas, this.worst, this.region);
    byId("maps-opacity").addEventListener("input", () => this.#setOpacity());
    pane.frame.addEventListener("pointermove", (event) => this.#point(event));
    pane.frame.addEventListener("pointerleave", () => this.#leave());
    pane.over.addEventListener("keydown", (event) => this.#key(event));
    pane.over.addEventListener("focus", () => this.#tell(...this.#at));
    pane.over.addEventListener("blur", () => this.#leave());
    this.#setOpacity();
  }

  /** Turns to another photo; its map is fetched if one is wanted. */
  show(photo) {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.photo = photo;
    this.#maps = null;
    byId("maps").hidden = photo.state !== "scored";
    this.choose(this.wanted ? this.#index : "none");
  }

  /** The next map; after the last one none. */
  next() {
    if (!this.wanted || !this.#maps) return this.choose(null);
    const { shown, scales } = this.#maps;
    const after = ((this.#index ?? shown) + 1) % scales.length;
    return this.choose(after === shown ? "none" : after);
  }

  /** Shows the map of a scale, by its index; null for the one that shows most, `none` for none. */
  async choose(index) {
    this.wanted = index !== "none";
    this.#index = this.wanted ? index : null;
    this.#draw();
    if (!this.wanted || this.photo.state !== "scored" || this.#maps) return;
    await this.#fetch();
    this.#draw();
  }

  /** The map that is seen, null if none is. */
  get map() {
    return this.wanted ? (this.#maps?.scales[this.#index ?? this.#maps.shown] ?? null) : null;
  }

  async #fetch() {
    const { photo } = this;
    const { signal } = this.#abort;
    try {
      const maps = await patiently(() => getMaps(photo.id, signal), 15, signal);
      if (this.photo === photo) this.#maps = maps;
    } catch (error) {
      if (error.name === "AbortError") return;
      this.wanted = false;
      complain(`There is no map of ${photo.name}: ${error.message}`);
    }
  }

  #draw() {
    const { map } = this;
    this.#drawSwitch();
    byId("maps-caption").textContent = map?.caption ?? (this.wanted ? "Looking closely ..." : "");
    byId("maps-more").hidden = !map;
    if (!map) leave(this.pane.over);
    this.pane.over.classList.toggle("shown", Boolean(map));
    for (const [name, value] of Object.entries(FOCUSABLE)) {
      if (map) this.pane.over.setAttribute(name, value);
      else this.pane.over.removeAttribute(name);
    }
    if (map) this.#drawMap(map);
    this.#leave();
  }

  #drawSwitch() {
    const scales = this.#maps?.scales ?? [];
    const choices = scales.length ? scales.map((scale, index) => [index, `${scale.longest_px} px`]) : [[null, "Show"]];
    const chosen = this.wanted ? (scales.length ? (this.#index ?? this.#maps.shown) : null) : "none";
    switchOf(byId("maps-scales"), [["none", "None"], ...choices], chosen, (value) => this.choose(value));
  }

  #drawMap(map) {
    const { colour_low: low, colour_high: high } = map;
    const [worst, best] = this.#maps.higher_is_better ? [low, high] : [high, low];
    const [width, height] = this.pane.size;
    paintMap(this.canvas, map, width / height, (value) => (value - worst) / (best - worst));
    paintBar(byId("maps-colours"));
    byId("maps-low").textContent = this.scale.write(worst);
    byId("maps-high").textContent = this.scale.write(best);
    this.#at = [map.worst.row, map.worst.column];
    frame(this.worst, map.worst);
  }

  #setOpacity() {
    this.canvas.style.opacity = byId("maps-opacity").value / 100;
  }

  #point({ clientX, clientY }) {
    const { map } = this;
    if (!map) return;
    const [x, y] = this.pane.pointAt(clientX, clientY);
    if (x < 0 || y < 0 || x >= 1 || y >= 1) this.#leave();
    else this.#tell(nearest(map.row_spans, y), nearest(map.column_spans, x));
  }

  #key(event) {
    const step = STEPS[event.key];
    if (!step || !this.map || event.shiftKey) return;
    event.preventDefault();
    const inside = (value, size) => Math.max(0, Math.min(size - 1, value));
    this.#at = [inside(this.#at[0] + step[0], this.map.rows), inside(this.#at[1] + step[1], this.map.columns)];
    this.#tell(...this.#at);
  }

  #tell(row, column) {
    const { values, row_spans: rows, column_spans: columns } = this.map;
    this.region.hidden = false;
    frame(this.region, {
      left: columns[column][0],
      right: columns[column][1],
      top: rows[row][0],
      bottom: rows[row][1],
    });
    byId("maps-value").textContent =
      `Row ${row + 1}, column ${column + 1}: ${this.scale.write(values[row][column], 1)}`;
  }

  #leave() {
    this.region.hidden = true;
    byId("maps-value").textContent = this.map
      ? `Framed: the worst region, ${this.scale.write(this.map.worst.value, 1)}`
      : "";
  }
}

function frame(box, { left, top, right, bottom }) {
  const part = (share) => `${100 * share}%`;
  Object.assign(box.style, { left: part(left), top: part(top), width: part(right - left), height: part(bottom - top) });
}

/** Index of the span whose middle is nearest to a point. */
function nearest(spans, point) {
  const distances = spans.map(([first, last]) => Math.abs((first + last) / 2 - point));
  return distances.indexOf(Math.min(...distances));
}
