import { ORDERS } from "./orders.js";
import { fold } from "./words.js";

/** A filter that everything passes. */
export const everything = () => ({
  text: "",
  threshold: null,
  limit: null,
  percentileFrom: null,
  percentileTo: null,
  bands: new Set(),
  marks: new Set(),
  states: new Set(),
});

/**
 * The photos that are shown, in order. Tells `change` with `detail.asked`: whether a person asked for it, or data came.
 *
 * `rest` are those that pass all but the threshold, `shown` those that pass it too.
 */
export class View extends EventTarget {
  filter = everything();
  order = "best";
  rest = [];
  shown = [];

  constructor(album, scale) {
    super();
    Object.assign(this, { album, scale });
  }

  /** Arranges anew after the album changed. */
  refresh() {
    this.#arrange(false);
  }

  /** Changes parts of the filter. */
  narrow(changes) {
    Object.assign(this.filter, changes);
    if (Object.keys(changes).every((name) => name === "threshold")) this.#cut(true);
    else this.#arrange(true);
  }

  sort(order) {
    this.order = order;
    this.#arrange(true);
  }

  /** Place of a photo among those shown, -1 if it is not. */
  placeOf(id) {
    const photo = this.album.photos.get(id);
    return photo && this.shown[photo.at] === photo ? photo.at : -1;
  }

  get narrowed() {
    return this.shown.length < this.album.photos.size;
  }

  #arrange(asked) {
    const passes = test(this.filter, this.scale);
    this.rest = ORDERS[this.order].sort([...this.album.photos.values()].filter(passes), this.scale);
    this.#cut(asked);
  }

  #cut(asked) {
    const { threshold } = this.filter;
    const reaches = (photo) => photo.score != null && this.scale.reaches(photo.score, threshold);
    this.shown = threshold === null ? this.rest : this.rest.filter(reaches);
    this.shown.forEach((photo, place) => {
      photo.at = place;
    });
    this.dispatchEvent(new CustomEvent("change", { detail: { asked } }));
  }
}

/** Whether a photo passes all parts of the filter but the threshold. */
function test(filter, scale) {
  const words = fold(filter.text).split(/\s+/).filter(Boolean);
  const { limit, percentileFrom, percentileTo, bands, marks, states } = filter;
  return (photo) =>
    words.every((word) => photo.text.includes(word)) &&
    (limit === null || (photo.score != null && scale.reaches(limit, photo.score))) &&
    (percentileFrom === null || (photo.percentile != null && photo.percentile >= percentileFrom)) &&
    (percentileTo === null || (photo.percentile != null && photo.percentile <= percentileTo)) &&
    (!bands.size || bands.has(photo.band)) &&
    (!marks.size || marks.has(photo.pick ?? "unmarked")) &&
    (!states.size || states.has(photo.state));
}
