import { openDialog, topDialog } from "./dialogs.js";
import { byId, icon, make } from "./element.js";
import { listenForKeys } from "./keys.js";
import { drawMarks } from "./marks.js";
import { Pane } from "./pane.js";
import { describe } from "./words.js";
import { Zoom } from "./zoom.js";

export const MOST = 6;

/** Two to six photos side by side, zoomed and moved together. Tells `close`. */
export class Compare extends EventTarget {
  #tiles = []; // {id, pane, element}
  #at = 0;

  constructor({ album, view, picks }) {
    super();
    Object.assign(this, { album, view, picks, dialog: byId("compare"), zoom: new Zoom() });
    byId("zoom-in").addEventListener("click", () => this.zoom.by(1.5));
    byId("zoom-out").addEventListener("click", () => this.zoom.by(1 / 1.5));
    byId("zoom-fit").addEventListener("click", () => this.zoom.fit());
    byId("zoom-full").addEventListener("click", () => this.#full());
    this.dialog.addEventListener("close", () => this.#close());
    this.#listen();
  }

  /** Shows photos, best first; `note` says which they are. */
  open(ids, note) {
    this.#drop();
    const photos = ids
      .map((id) => this.album.photos.get(id))
      .filter(Boolean)
      .slice(0, MOST)
      .sort((a, b) => this.#badness(a) - this.#badness(b));
    byId("compare-note").textContent = note ?? "";
    byId("compare-note").hidden = !note;
    openDialog(this.dialog);
    byId("panes").dataset.count = photos.length;
    this.#tiles = photos.map((photo, index) => this.#tile(photo, index));
    byId("panes").replaceChildren(...this.#tiles.map((tile) => tile.element));
    this.zoom.fit();
    for (const { pane, id } of this.#tiles) pane.show(this.album.photos.get(id));
    this.refresh();
    this.#focus(0);
  }

  /** Draws scores and marks as they are now. */
  refresh() {
    if (!this.dialog.open) return;
    for (const tile of this.#tiles) {
      const photo = this.album.photos.get(tile.id);
      if (photo && tile.version !== photo.version) this.#drawTile(tile, photo);
    }
  }

  #badness(photo) {
    return photo.score == null ? Infinity : this.view.scale.badness(photo.score);
  }

  #tile(photo, index) {
    const parts = {
      score: make("div", { class: "tilescore" }),
      marks: make("div", { class: "row", role: "group", "aria-label": "Mark" }),
    };
    const frame = make("div", { class: "frame" });
    const element = make(
      "section",
      { class: "tile", tabindex: index ? -1 : 0, "aria-label": photo.name },
      parts.score,
      frame,
      make(
        "div",
        { class: "tilefoot" },
        make("span", { class: "name", text: photo.name, title: photo.path }),
        parts.marks,
      ),
    );
    element.addEventListener("focusin", () => this.#choose(index));
    const pane = new Pane(frame, this.zoom);
    pane.addEventListener("drawn", () => {
      if (index === this.#at) byId("zoom-words").textContent = `${Math.round(pane.percent)} %`;
    });
    return { id: photo.id, element, pane, ...parts };
  }

  #drawTile(tile, photo) {
    const { scale } = this.view;
    tile.version = photo.version;
    const best = this.#tiles[0] === tile && photo.score != null;
    tile.element.dataset.pick = photo.pick ?? "";
    tile.element.setAttribute("aria-label", `${describe(photo, scale)}${best ? ", best of these" : ""}`);
    tile.score.replaceChildren(
      make("strong", { text: photo.score == null ? "No score" : scale.write(photo.score, 1) }),
      make("span", { class: "meter", "data-band": photo.band ?? "" }),
      make("span", { text: photo.band ?? "" }),
      ...(best ? [make("span", { class: "best", text: "Best of these" })] : []),
      ...(photo.pick ? [make("span", { class: `flag ${photo.pick}`, "aria-hidden": "true" }, icon(photo.pick))] : []),
    );
    tile.pane.refresh(photo);
    drawMarks(tile.marks, photo, (pick) => this.picks.mark([photo.id], pick));
  }

  #choose(index) {
    this.#at = index;
    this.#tiles.forEach(({ element }, place) => {
      element.tabIndex = place === index ? 0 : -1;
      element.classList.toggle("at", place === index);
    });
    this.#tiles[index].pane.draw();
  }

  #focus(index) {
    const tile = this.#tiles[(index + this.#tiles.length) % this.#tiles.length];
    tile?.element.focus();
    tile?.element.scrollIntoView({ block: "nearest" });
  }

  #only() {
    const { id } = this.#tiles[this.#at];
    const ids = this.#tiles.map((tile) => tile.id);
    this.picks.only(
      id,
      ids.filter((other) => other !== id),
    );
  }

  #full() {
    this.#tiles[this.#at].pane.showFull();
  }

  #move(event) {
    const step = 0.1 / this.zoom.scale;
    const [x, y] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    this.zoom.move(x * step, y * step);
  }

  #listen() {
    const onTop = () => topDialog() === this.dialog;
    const mark = (pick) => () => this.picks.mark([this.#tiles[this.#at].id], pick);
    const go = (step) => (event) => (event.shiftKey ? this.#move(event) : this.#focus(this.#at + step));
    const does = {
      before: go(-1),
      after: go(1),
      pick: mark("pick"),
      reject: mark("reject"),
      unmark: mark(null),
      only: () => this.#only(),
      in: () => this.zoom.by(1.5),
      out: () => this.zoom.by(1 / 1.5),
      fit: () => this.zoom.fit(),
      full: () => this.#full(),
    };
    listenForKeys(document, "compare", does, onTop);
    document.addEventListener("keydown", (event) => {
      if (!onTop() || !event.shiftKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
      event.preventDefault();
      this.#move(event);
    });
  }

  #close() {
    this.#drop();
    this.dispatchEvent(new Event("close"));
  }

  #drop() {
    for (const { pane } of this.#tiles) pane.close();
    this.#tiles = [];
    byId("panes").replaceChildren();
  }
}
