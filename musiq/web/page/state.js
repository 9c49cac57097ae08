import { leave } from "./dialogs.js";
import { byId } from "./element.js";
import { count, photos } from "./words.js";

function hasUploads(photos) {
  for (const photo of photos.values()) if (photo.upload) return true;
  return false;
}

function hide(id, hidden) {
  if (hidden) leave(byId(id));
  byId(id).hidden = hidden;
}

/** Says how many photos are shown of how many, and why none are. */
export function drawState(view) {
  const { album, shown } = view;
  const all = album.photos.size;
  const reading = album.whole ? "" : ", reading the list ...";
  byId("count").textContent = (view.narrowed ? `${count(shown.length)} of ${photos(all)}` : photos(all)) + reading;
  byId("cells").hidden = !shown.length;
  hide("uploads-clear", !hasUploads(album.photos));
  hide("nothing", shown.length > 0 || !album.whole);
  byId("nothing-words").textContent = all
    ? "No photo passes the filter."
    : "No photos here yet. Drop some anywhere on this page, or choose them.";
  byId("nothing-clear").hidden = !all;
  byId("choose-here").hidden = Boolean(all);
}
