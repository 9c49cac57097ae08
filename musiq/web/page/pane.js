import { getImage, imageAddress } from "./api.js";
import { make } from "./element.js";
import { listenForGestures } from "./gestures.js";
import { patiently } from "./patience.js";

const VIEW_PX = 1600;
const LARGEST = 2; // a small photo is not blown up further to fit

/** A photo in a frame, at the magnification of a `Zoom` that panes may share. Tells `drawn`. */
export class Pane extends EventTarget {
  /** @param {HTMLElement} frame @param {Zoom} zoom */
  constructor(frame, zoom) {
    super();
    this.image = make("img", { class: "photo", alt: "", draggable: "false" });
    this.over = make("div", { class: "over" });
    this.stage = make("div", { class: "stage" }, this.image, this.over);
    this.problem = make("p", { class: "problem", hidden: true });
    frame.replaceChildren(this.stage, this.problem);
    Object.assign(this, { frame, zoom, photo: null });
    this.image.addEventListener("load", () => {
      this.stage.classList.remove("loading");
      this.draw();
    });
    this.image.addEventListener("error", () => this.#explain());
    const stop = new AbortController();
    zoom.addEventListener("change", () => this.draw(), { signal: stop.signal });
    const sizes = new ResizeObserver(() => this.draw());
    sizes.observe(frame);
    listenForGestures(this, zoom);
    this.close = () => {
      stop.abort();
      sizes.disconnect();
    };
  }

  /** Shows a photo: first a picture of it that loads fast, the file itself once that is too coarse. */
  show(photo) {
    this.photo = photo;
    this.picture = photo.picture;
    this.full = this.again = false;
    this.image.alt = photo.name;
    this.problem.hidden = photo.state !== "failed";
    this.problem.textContent = `This photo cannot be shown: ${photo.error}`;
    if (photo.state === "failed") this.image.removeAttribute("src");
    else this.image.src = imageAddress(photo, VIEW_PX);
    this.stage.classList.add("loading"); // never the photo before in the place of this one
    this.draw();
  }

  /** Shows the photo anew if its file is another now. */
  refresh(photo) {
    if (this.picture !== photo.picture) this.show(photo);
  }

  /** Size in px of the photo, of its picture where the photo's is not known. */
  get size() {
    const { width, height } = this.photo ?? {};
    return width ? [width, height] : [this.image.naturalWidth || 3, this.image.naturalHeight || 2];
  }

  /** Screen px for each px of the photo at scale 1. */
  get fitted() {
    const [width, height] = this.size;
    return Math.min(this.frame.clientWidth / width, this.frame.clientHeight / height, LARGEST);
  }

  /** Magnification of the photo in percent: 100 shows each of its px as one of the page. */
  get percent() {
    return 100 * this.fitted * this.zoom.scale;
  }

  /** Shows each px of the photo as one of the page. */
  showFull() {
    this.zoom.by(100 / this.percent, this.zoom.x, this.zoom.y, 1 / LARGEST);
  }

  /** Point of the photo (shares) at a point of the window. */
  pointAt(clientX, clientY) {
    const { left, top, width, height } = this.stage.getBoundingClientRect();
    return [(clientX - left) / width, (clientY - top) / height];
  }

  draw() {
    if (!this.photo) return;
    const [width, height] = this.size.map((side) => side * this.fitted * this.zoom.scale);
    const left = place(this.frame.clientWidth, width, this.zoom.x);
    const top = place(this.frame.clientHeight, height, this.zoom.y);
    Object.assign(this.stage.style, {
      width: `${width}px`,
      height: `${height}px`,
      transform: `translate(${left}px, ${top}px)`,
    });
    this.frame.classList.toggle("zoomed", this.zoom.scale > 1);
    this.image.classList.toggle("sharp", this.percent >= 200);
    this.#sharpen(width);
    this.dispatchEvent(new Event("drawn"));
  }

  #sharpen(width) {
    const needed = width * Math.min(2, devicePixelRatio || 1);
    const { naturalWidth } = this.image;
    if (this.full || !naturalWidth || needed <= naturalWidth || naturalWidth >= this.size[0]) return;
    this.full = true;
    const { photo, picture } = this;
    const whole = new Image();
    whole.src = imageAddress(photo);
    whole.decode().then(
      () => {
        if (this.picture === picture) this.image.src = whole.src;
      },
      () => {},
    ); // the coarse picture stays
  }

  /** Says why there is no picture; one that only comes late is shown. */
  async #explain() {
    const { photo, picture } = this;
    let reason = "the browser cannot show it";
    try {
      await patiently(() => getImage(photo.id, VIEW_PX));
    } catch (error) {
      this.again = true;
      reason = error.message;
    }
    if (this.picture !== picture) return;
    this.problem.textContent = `This photo cannot be shown: ${reason}`;
    this.problem.hidden = !this.again;
    if (!this.again) this.image.src = imageAddress(photo, VIEW_PX);
    this.again = true;
  }
}

/** Where a side begins so that the point `share` of it is in the middle, without gaps that need not be. */
function place(room, side, share) {
  if (side <= room) return (room - side) / 2;
  return Math.min(0, Math.max(room - side, room / 2 - share * side));
}
