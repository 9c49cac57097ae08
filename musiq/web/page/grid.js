const GAP_PX = 14;
const CAPTION_PX = 46;
const PICTURES_PX = [160, 240, 320, 480, 640, 1024]; // few sizes, so that the server's cache serves them again

/** Where the cells of a sheet lie: columns as wide as asked for, or a little wider to fill the row. */
export class Grid {
  count = 0;
  columns = 1;
  size = 200;
  cellWidth = 200;

  /** Makes columns of about `size` px for a sheet `width` px wide. */
  fit(width, size) {
    this.size = size;
    this.columns = Math.max(1, Math.round((width + GAP_PX) / (size + GAP_PX)));
    this.cellWidth = Math.max(60, Math.floor((width + GAP_PX) / this.columns) - GAP_PX);
    this.thumbHeight = Math.round(this.cellWidth * 0.75);
    this.rowHeight = this.thumbHeight + CAPTION_PX + GAP_PX;
    const px = Math.min(2, globalThis.devicePixelRatio || 1) * this.cellWidth;
    this.picturePx = PICTURES_PX.find((one) => one >= px) ?? PICTURES_PX.at(-1);
  }

  get height() {
    return Math.ceil(this.count / this.columns) * this.rowHeight;
  }

  top(place) {
    return Math.floor(place / this.columns) * this.rowHeight;
  }

  at(place) {
    const left = (place % this.columns) * (this.cellWidth + GAP_PX);
    return { left, top: this.top(place), width: this.cellWidth, thumbHeight: this.thumbHeight };
  }

  /** Places [first, last) of which something is in sight. */
  between(scrollTop, clientHeight) {
    const first = Math.max(0, Math.floor(scrollTop / this.rowHeight)) * this.columns;
    const last = Math.ceil((scrollTop + clientHeight) / this.rowHeight) * this.columns;
    return { first, last: Math.min(this.count, last) };
  }

  /** The place that a key leads to from another; null for other keys. */
  step(key, from, clientHeight) {
    const page = Math.max(1, Math.floor(clientHeight / this.rowHeight)) * this.columns;
    const steps = {
      ArrowLeft: -1,
      ArrowRight: 1,
      ArrowUp: -this.columns,
      ArrowDown: this.columns,
      PageUp: -page,
      PageDown: page,
      Home: -Infinity,
      End: Infinity,
    };
    if (!(key in steps)) return null;
    const to = from + steps[key];
    if (key === "ArrowUp" && to < 0) return from;
    return Math.max(0, Math.min(this.count - 1, to));
  }
}
