import { fillCell, makeCell } from "./cell.js";
import { oncePerFrame } from "./element.js";
import { Grid } from "./grid.js";

const BAR_PX = 64; // of the bar below, which comes with a selection

/**
 * The contact sheet. Only the cells in sight are in the document, and the active one, which has the focus.
 *
 * Tells `open` (detail: id) and `part` (detail: {id, part}) for a click on a cell's `data-do`.
 */
export class Sheet extends EventTarget {
  active = null;
  #before = null; // the active photo before a press made another active
  #cells = new Map(); // id -> element
  #grid = new Grid();

  /** @param {HTMLElement} scroller @param {HTMLElement} box holds the cells, as high as all of them. */
  constructor(scroller, box, { view, selection, thumbnails }) {
    super();
    Object.assign(this, { scroller, box, view, selection, thumbnails });
    this.draw = oncePerFrame(() => this.#draw());
    scroller.addEventListener("scroll", this.draw, { passive: true });
    new ResizeObserver(() => this.measure()).observe(scroller);
    selection.addEventListener("change", this.draw);
    box.addEventListener("pointerdown", () => {
      this.#before = this.active;
    });
    box.addEventListener("click", (event) => this.#click(event));
    box.addEventListener("focusin", (event) => this.#focused(event.target.closest(".cell")));
  }

  /** Shows the view's photos after it changed: from the top if a person asked, else without moving what is in sight. */
  show(asked) {
    const focused = this.box.contains(document.activeElement);
    const anchor = asked ? null : this.#anchor();
    this.#choosePlace();
    this.#grid.count = this.view.shown.length;
    this.box.style.height = `${this.#grid.height}px`;
    if (asked) this.scroller.scrollTop = 0;
    else if (anchor) this.scroller.scrollTop += this.#grid.top(this.view.placeOf(anchor.id)) - anchor.top;
    this.#draw();
    if (focused && this.active && !this.box.contains(document.activeElement)) this.focus(this.active);
  }

  /** Lays out anew for another width or size of cells. */
  measure(size = this.#grid.size) {
    const anchor = this.#anchor();
    const { paddingLeft, paddingRight } = getComputedStyle(this.scroller);
    this.#grid.fit(this.scroller.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight), size);
    this.box.style.height = `${this.#grid.height}px`;
    if (anchor) this.scroller.scrollTop += this.#grid.top(this.view.placeOf(anchor.id)) - anchor.top;
    for (const cell of this.#cells.values()) this.#renew(cell);
    this.draw();
  }

  /** Gives a photo the focus and brings it into sight. */
  focus(id) {
    if (this.view.placeOf(id) < 0) return;
    this.active = id;
    this.#reveal(id);
    this.#draw();
    this.#cells.get(id)?.focus({ preventScroll: true });
  }

  /** Moves the focus by key; false for a key that moves nothing. */
  move(key) {
    const from = Math.max(0, this.view.placeOf(this.active));
    const to = this.#grid.step(key, from, this.scroller.clientHeight);
    if (to === null || !this.view.shown.length) return false;
    this.focus(this.view.shown[to].id);
    return true;
  }

  #choosePlace() {
    const { shown } = this.view;
    if (this.view.placeOf(this.active) < 0)
      this.active = shown[Math.min(this.lastPlace ?? 0, shown.length - 1)]?.id ?? null;
    this.lastPlace = Math.max(0, this.view.placeOf(this.active));
  }

  #anchor() {
    if (this.scroller.scrollTop < 2) return null;
    const seen = [...this.#cells.values()].filter((cell) => cell.seen && this.view.placeOf(cell.dataset.id) >= 0);
    const cell = seen.find((one) => one.dataset.id === this.active) ?? seen[0];
    return cell ? { id: cell.dataset.id, top: cell.top } : null;
  }

  #reveal(id) {
    const top = this.#grid.top(this.view.placeOf(id));
    const { scrollTop, clientHeight } = this.scroller;
    const bottom = top + this.#grid.rowHeight;
    if (top < scrollTop) this.scroller.scrollTop = top;
    else if (bottom > scrollTop + clientHeight - BAR_PX) this.scroller.scrollTop = bottom - clientHeight + BAR_PX;
  }

  #draw() {
    const { first, last } = this.#grid.between(this.scroller.scrollTop, this.scroller.clientHeight);
    const near = this.#grid.columns; // one row more on each side
    const places = new Set();
    for (let place = Math.max(0, first - near); place < Math.min(this.#grid.count, last + near); place += 1)
      places.add(place);
    if (this.active && this.view.placeOf(this.active) >= 0) places.add(this.view.placeOf(this.active));
    for (const [id, cell] of this.#cells) if (!places.has(this.view.placeOf(id))) this.#forget(id, cell);
    const cells = [...places].sort((a, b) => a - b).map((place) => this.#put(place, place >= first && place < last));
    keepOrder(cells);
  }

  #put(place, seen) {
    const photo = this.view.shown[place];
    const { id } = photo;
    let cell = this.#cells.get(id);
    if (!cell) {
      cell = makeCell(photo);
      this.#cells.set(id, cell);
      this.box.append(cell);
    }
    if (cell.version !== photo.version) fillCell(cell, photo, this.view.scale);
    cell.version = photo.version;
    this.#place(cell, place);
    cell.tabIndex = id === this.active ? 0 : -1;
    cell.setAttribute("aria-selected", this.selection.has(id));
    this.#picture(cell, photo, seen);
    return cell;
  }

  #place(cell, place) {
    const { left, top, width, thumbHeight } = this.#grid.at(place);
    if (cell.getAttribute("aria-setsize") === `${this.#grid.count}` && cell.place === place) return;
    Object.assign(cell, { top, place });
    cell.style.transform = `translate(${left}px, ${top}px)`;
    cell.style.width = `${width}px`;
    cell.parts.thumb.style.height = `${thumbHeight}px`;
    cell.setAttribute("aria-posinset", place + 1);
    cell.setAttribute("aria-setsize", this.#grid.count);
  }

  #picture(cell, photo, seen) {
    cell.seen = seen;
    if (!seen) this.#drop(cell);
    if (cell.picture !== photo.picture) {
      this.#drop(cell);
      cell.parts.img.removeAttribute("src");
      cell.picture = photo.picture;
    }
    if (!seen || cell.wish || photo.state === "failed") return;
    cell.px = this.#grid.picturePx;
    cell.wish = this.thumbnails.want(photo, cell.px, (address, error) => showPicture(cell, address, error));
  }

  #drop(cell) {
    if (cell.wish) this.thumbnails.drop(cell.wish);
    cell.wish = null;
  }

  /** Lets a cell be placed anew, and get a larger picture if it needs one. */
  #renew(cell) {
    cell.place = null;
    if (cell.px < this.#grid.picturePx) this.#drop(cell);
  }

  #forget(id, cell) {
    this.#drop(cell);
    this.#cells.delete(id);
    cell.remove();
  }

  #focused(cell) {
    if (!cell || cell.dataset.id === this.active) return;
    this.active = cell.dataset.id;
    this.lastPlace = this.view.placeOf(this.active);
    this.draw();
  }

  #click(event) {
    const cell = event.target.closest(".cell");
    if (!cell) return;
    const { id } = cell.dataset;
    const part = event.target.closest("[data-do]")?.dataset.do;
    if (event.shiftKey) this.selection.extend(id, this.view, this.#before);
    else if (event.ctrlKey || event.metaKey || part === "select") this.selection.toggle(id);
    else if (part) this.dispatchEvent(new CustomEvent("part", { detail: { id, part } }));
    else this.dispatchEvent(new CustomEvent("open", { detail: id }));
  }
}

/** Puts cells into the order in which they are read aloud, around the one with the focus, which must not be moved. */
function keepOrder(cells) {
  const still = Math.max(0, cells.indexOf(document.activeElement));
  for (let at = still + 1; at < cells.length; at += 1) {
    if (cells[at].previousSibling !== cells[at - 1]) cells[at - 1].after(cells[at]);
  }
  for (let at = still - 1; at >= 0; at -= 1) {
    if (cells[at].nextSibling !== cells[at + 1]) cells[at + 1].before(cells[at]);
  }
}

function showPicture(cell, address, error) {
  if (address) cell.parts.img.src = address;
  else cell.parts.why.textContent = `No preview: ${error.message}`;
}
