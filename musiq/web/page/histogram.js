import { byId, oncePerFrame } from "./element.js";
import { count } from "./words.js";

const BINS = 48;

/** The scores of the photos that pass the rest of the filter, and a threshold that is dragged or moved by keys. */
export class Histogram {
  #counts = new Array(BINS).fill(0);
  #above = 0;
  #below = 0;
  #wanted = null;
  #narrow = () => this.view.narrow({ threshold: this.#wanted });
  #narrowSoon = oncePerFrame(this.#narrow);

  constructor(view, picks) {
    Object.assign(this, { view, picks, scale: view.scale, slider: byId("threshold"), plot: byId("plot") });
    this.plot.addEventListener("pointerdown", (event) => this.#grab(event));
    this.slider.addEventListener("keydown", (event) => this.#key(event));
    byId("pick-above").addEventListener("click", () => picks.mark(this.#side(true), "pick"));
    byId("reject-below").addEventListener("click", () => picks.mark(this.#side(false), "reject"));
  }

  /** Draws the view as it is now. */
  draw() {
    const { scale } = this;
    if (!scale.known) scale.observe(this.view.rest.filter((photo) => photo.score != null).map((photo) => photo.score));
    this.#count();
    this.#drawBars();
    this.#drawThreshold();
    byId("plot-low").textContent = scale.write(scale.low);
    byId("plot-high").textContent = scale.write(scale.high);
  }

  #count() {
    this.#counts.fill(0);
    this.#above = this.#below = 0;
    for (const { score } of this.view.rest) {
      if (score == null) continue;
      this.#counts[this.#bin(score)] += 1;
      if (this.#reaches(score)) this.#above += 1;
      else this.#below += 1;
    }
  }

  #reaches(score) {
    return this.threshold === null || this.scale.reaches(score, this.threshold);
  }

  #bin(score) {
    const place = (score - this.scale.low) / this.scale.span;
    return Math.max(0, Math.min(BINS - 1, Math.floor(place * BINS)));
  }

  #drawBars() {
    const most = Math.max(1, ...this.#counts);
    const svg = byId("bars");
    svg.setAttribute("viewBox", `0 0 ${BINS} 100`);
    const middle = (bin) => this.scale.low + ((bin + 0.5) / BINS) * this.scale.span;
    svg.replaceChildren(
      ...this.#counts.map((number, bin) => bar(bin, (number / most) * 96, this.#reaches(middle(bin)))),
    );
  }

  get threshold() {
    return this.view.filter.threshold;
  }

  #drawThreshold() {
    const { scale, slider } = this;
    const value = this.threshold ?? scale.worst;
    slider.style.left = `${(100 * (Math.min(scale.high, Math.max(scale.low, value)) - scale.low)) / scale.span}%`;
    slider.setAttribute("aria-valuemin", scale.low);
    slider.setAttribute("aria-valuemax", scale.high);
    const exact = Number(value.toFixed(4)); // a rounded one would promise scores that do not reach it
    slider.setAttribute("aria-valuenow", exact);
    const least = `At ${scale.higherIsBetter ? "least" : "most"} ${exact}`;
    const words =
      this.threshold === null
        ? `No threshold: ${count(this.#above)} scored`
        : `${least}: ${count(this.#above)} shown, ${count(this.#below)} below`;
    slider.setAttribute("aria-valuetext", words);
    byId("threshold-words").textContent =
      this.threshold === null ? "Drag the line to show only the better ones." : `${words}.`;
    label("pick-above", "Pick", this.#above, "above", this.threshold === null);
    label("reject-below", "Reject", this.#below, "below", this.threshold === null);
  }

  /** Ids of the scored photos that reach the threshold, or that do not. */
  #side(reached) {
    return this.view.rest
      .filter(({ score }) => score != null && this.#reaches(score) === reached)
      .map((photo) => photo.id);
  }

  #set(value) {
    const { scale } = this;
    const inside = Math.min(scale.high, Math.max(scale.low, value));
    const rounded = Number(scale.write(inside, 1));
    this.#wanted = rounded === Number(scale.write(scale.worst, 1)) ? null : rounded;
  }

  #grab(event) {
    if (event.button) return;
    event.preventDefault();
    this.slider.focus();
    this.plot.setPointerCapture(event.pointerId);
    const move = ({ clientX }) => {
      const { left, width } = this.plot.getBoundingClientRect();
      this.#set(this.scale.low + ((clientX - left) / width) * this.scale.span);
      this.#narrowSoon();
    };
    move(event);
    this.plot.addEventListener("pointermove", move);
    const end = () => this.plot.removeEventListener("pointermove", move);
    this.plot.addEventListener("lostpointercapture", end, { once: true });
  }

  #key(event) {
    const steps = {
      ArrowLeft: -1,
      ArrowDown: -1,
      ArrowRight: 1,
      ArrowUp: 1,
      PageDown: -10,
      PageUp: 10,
      Home: -1e9,
      End: 1e9,
    };
    if (!(event.key in steps)) return;
    event.preventDefault();
    this.#set((this.threshold ?? this.scale.worst) + (steps[event.key] * this.scale.span) / 100);
    this.#narrow();
  }
}

function bar(bin, height, reached) {
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  const shown = height ? Math.max(1.5, height) : 0;
  const facts = { x: bin + 0.08, y: 100 - shown, width: 0.84, height: shown, class: reached ? "in" : "out" };
  for (const [name, value] of Object.entries(facts)) rect.setAttribute(name, value);
  return rect;
}

function label(id, verb, number, side, off) {
  const button = byId(id);
  button.textContent = off ? `${verb} all ${side}` : `${verb} ${count(number)} ${side}`;
  button.disabled = off || !number;
}
