import { byId } from "./element.js";
import { count, photos } from "./words.js";

function hasUploads(photos) {
  for (const photo of photos.values()) if (photo.upload) return true;
  return false;
}

/** Says how many photos are shown of how many, and why none are. */
export function drawState(view) {
  const { album, shown } = view;
  const all = album.photos.size;
  const reading = album.whole ? "" : ", reading the list ...";
  byId("count").textContent = (view.narrowed ? `${count(shown.length)} of ${photos(all)}` : photos(all)) + reading;
  byId("uploads-clear").hidden = !hasUploads(album.photos);
  byId("nothing").hidden = shown.length > 0 || !album.whole;
  byId("cells").hidden = !shown.length;
  byId("nothing-words").textContent = all
    ? "No photo passes the filter."
    : "No photos here yet. Drop some anywhere on this page, or choose them.";
  byId("nothing-clear").hidden = !all;
  byId("choose-here").hidden = Boolean(all);
}
