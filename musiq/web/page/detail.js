import { imageAddress } from "./api.js";
import { leave, openDialog, topDialog } from "./dialogs.js";
import { byId, make } from "./element.js";
import { listenForKeys } from "./keys.js";
import { Maps } from "./maps.js";
import { drawMarks } from "./marks.js";
import { explain } from "./meaning.js";
import { Pane } from "./pane.js";
import { bytes, count } from "./words.js";
import { Zoom } from "./zoom.js";

/** One photo large, what its score means, and maps of quality over it. Tells `compare` (detail: id) and `close`. */
export class Detail extends EventTarget {
  #ids = []; // those shown when it was opened, so that a mark does not take the photo away
  #version = null;
  #state = null;

  constructor({ album, view, picks }) {
    super();
    Object.assign(this, { album, view, picks, dialog: byId("detail"), id: null, checkpoint: null });
    this.zoom = new Zoom();
    this.pane = new Pane(byId("detail-frame"), this.zoom);
    this.maps = new Maps(this.pane, view.scale);
    byId("detail-before").addEventListener("click", () => this.turn(-1));
    byId("detail-after").addEventListener("click", () => this.turn(1));
    byId("detail-burst").addEventListener("click", () => this.#compare());
    this.dialog.addEventListener("close", () => this.dispatchEvent(new Event("close")));
    this.#listen();
  }

  open(id, withMap = false) {
    this.#ids = this.view.shown.map((photo) => photo.id);
    if (withMap) this.maps.wanted = true;
    openDialog(this.dialog);
    this.#show(id);
    byId("detail-facts").scrollTop = 0;
  }

  /** Goes on by some photos in the order of the sheet. */
  turn(step) {
    const next = this.#ids[this.#ids.indexOf(this.id) + step];
    if (next && this.album.photos.has(next)) this.#show(next);
  }

  /** Draws what changed. */
  refresh() {
    const photo = this.album.photos.get(this.id);
    if (!this.dialog.open || photo?.version === this.#version) return;
    if (!photo) return this.dialog.close();
    const another = this.pane.picture !== photo.picture || this.#state !== photo.state;
    this.pane.refresh(photo);
    if (another) this.maps.show(photo);
    this.#drawFacts(photo);
  }

  #show(id) {
    this.id = id;
    const photo = this.album.photos.get(id);
    this.zoom.fit();
    this.pane.show(photo);
    this.maps.show(photo);
    this.#drawFacts(photo);
    const place = this.#ids.indexOf(id);
    allow(byId("detail-before"), place > 0);
    allow(byId("detail-after"), place < this.#ids.length - 1);
    const next = this.album.photos.get(this.#ids[place + 1]);
    if (next?.state === "scored") new Image().src = imageAddress(next, 1600);
  }

  #drawFacts(photo) {
    const { scale } = this.view;
    this.#version = photo.version;
    this.#state = photo.state;
    byId("detail-name").textContent = photo.name;
    byId("detail-place").textContent = `${count(this.#ids.indexOf(photo.id) + 1)} of ${count(this.#ids.length)}`;
    byId("detail-score").replaceChildren(
      make("strong", { text: photo.score == null ? "No score" : scale.write(photo.score, 1) }),
      make("span", { class: "meter", "data-band": photo.band ?? "" }),
      make("span", { text: photo.band ?? "" }),
    );
    byId("detail-meaning").replaceChildren(
      ...explain(photo, scale, this.checkpoint).map((text) => make("p", { text })),
    );
    drawMarks(byId("detail-marks"), photo, (pick) => this.picks.mark([photo.id], pick));
    byId("detail-list").replaceChildren(
      ...facts(photo).flatMap(([name, text]) => [make("dt", { text: name }), make("dd", { text })]),
    );
    byId("detail-original").href = imageAddress(photo);
    byId("detail-burst").hidden = photo.state !== "scored";
  }

  #compare() {
    this.dispatchEvent(new CustomEvent("compare", { detail: this.id }));
  }

  #listen() {
    const mark = (pick) => (event) => {
      this.picks.mark([this.id], pick);
      if (event.shiftKey) this.turn(1);
    };
    const does = {
      before: (event) => steps(event) && this.turn(-1),
      after: (event) => steps(event) && this.turn(1),
      pick: mark("pick"),
      reject: mark("reject"),
      unmark: mark(null),
      map: () => this.maps.next(),
      compare: () => this.#compare(),
      in: () => this.zoom.by(1.5),
      out: () => this.zoom.by(1 / 1.5),
      fit: () => this.zoom.fit(),
      full: () => this.pane.showFull(),
    };
    listenForKeys(document, "detail", does, () => topDialog() === this.dialog);
  }
}

function allow(button, allowed) {
  if (!allowed) leave(button);
  button.disabled = !allowed;
}

/** Whether an arrow key is not for the slider or switch that has the focus. */
const steps = (event) => !event.target.matches("[type=range], [role=radio]");

function facts(photo) {
  const known = [["Folder", photo.upload ? "added here" : photo.folder || "the folder itself"]];
  if (photo.width) {
    const megapixels = ((photo.width * photo.height) / 1e6).toFixed(1);
    known.push(["Size", `${count(photo.width)} \u00d7 ${count(photo.height)} px, ${megapixels} megapixels`]);
  }
  if (photo.bytes) known.push(["File", bytes(photo.bytes)]);
  if (photo.notes?.length) known.push(["Remarks", photo.notes.join("; ")]);
  if (photo.error) known.push(["Failed", photo.error]);
  return known;
}
