import { byId, make } from "./element.js";
import { BANDS } from "./scale.js";
import { count } from "./words.js";
import { everything } from "./view.js";

const CHOICES = {
  bands: BANDS.map((band) => [band, band]).reverse(),
  marks: [
    ["pick", "picked"],
    ["reject", "rejected"],
    ["unmarked", "unmarked"],
  ],
  states: [
    ["scored", "scored"],
    ["waiting", "waiting"],
    ["failed", "failed"],
  ],
};
const VALUE = {
  bands: (photo) => photo.band,
  marks: (photo) => photo.pick ?? "unmarked",
  states: (photo) => photo.state,
};
const WAIT_MS = 120; // between the keys of a text

/** The panel that narrows the view, and its counts. */
export class Filters {
  #numbers = new Map(); // kind -> value -> element with the count

  constructor(view) {
    this.view = view;
    for (const kind of Object.keys(CHOICES)) this.#choices(kind);
    let timer = 0;
    byId("text").addEventListener("input", (event) => {
      clearTimeout(timer);
      timer = setTimeout(() => view.narrow({ text: event.target.value }), WAIT_MS);
    });
    for (const end of ["from", "to"]) this.#numbersOf(end);
    byId("filters-clear").addEventListener("click", () => this.clear());
    byId("filters-open").addEventListener("click", () => this.toggle());
  }

  /** Lets everything pass again. */
  clear() {
    byId("text").value = "";
    this.view.narrow(everything());
    this.draw();
  }

  /** Opens or closes the panel where the window is narrow. */
  toggle(open = byId("filters-open").getAttribute("aria-expanded") !== "true") {
    byId("filters-open").setAttribute("aria-expanded", open);
    document.body.classList.toggle("filtering", open);
  }

  /** Writes how many photos each choice has. */
  count() {
    for (const [kind, elements] of this.#numbers) {
      const counts = new Map();
      for (const photo of this.view.album.photos.values()) {
        const value = VALUE[kind](photo);
        counts.set(value, (counts.get(value) ?? 0) + 1);
      }
      for (const [value, { number, row }] of elements) {
        number.textContent = count(counts.get(value) ?? 0);
        row.classList.toggle("none", !counts.has(value));
      }
    }
  }

  /** Writes the filter as it is now. */
  draw() {
    const { filter, scale } = this.view;
    for (const [kind, elements] of this.#numbers)
      for (const [value, { box }] of elements) box.checked = filter[kind].has(value);
    const [from, to] = scale.higherIsBetter ? ["threshold", "limit"] : ["limit", "threshold"];
    fill("score-from", filter[from]);
    fill("score-to", filter[to]);
    fill("percentile-from", filter.percentileFrom);
    fill("percentile-to", filter.percentileTo);
  }

  #choices(kind) {
    const elements = new Map();
    for (const [value, words] of CHOICES[kind]) {
      const box = make("input", { type: "checkbox" });
      const number = make("span", { class: "number" });
      const sign = make("span", { class: "meter", "data-band": value });
      const row = make(
        "label",
        { class: "choice", "data-value": value },
        box,
        ...(kind === "bands" ? [sign] : []),
        words,
        number,
      );
      box.addEventListener("change", () => this.#choose(kind, value, box.checked));
      elements.set(value, { box, number, row });
      byId(kind).append(row);
    }
    this.#numbers.set(kind, elements);
  }

  #choose(kind, value, on) {
    const chosen = new Set(this.view.filter[kind]);
    if (on) chosen.add(value);
    else chosen.delete(value);
    this.view.narrow({ [kind]: chosen });
  }

  #numbersOf(end) {
    byId(`score-${end}`).addEventListener("change", (event) => {
      const least = (end === "from") === this.view.scale.higherIsBetter;
      this.view.narrow({ [least ? "threshold" : "limit"]: number(event.target) });
    });
    byId(`percentile-${end}`).addEventListener("change", (event) => {
      this.view.narrow({ [end === "from" ? "percentileFrom" : "percentileTo"]: number(event.target) });
    });
  }
}

const number = (input) => (input.value === "" ? null : Number(input.value));

function fill(id, value) {
  const input = byId(id);
  if (input !== document.activeElement) input.value = value ?? "";
}
