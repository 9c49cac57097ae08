import { describeCheckpoint } from "./about.js";
import { Actions } from "./actions.js";
import { Album } from "./album.js";
import { getCheckpoint, getThumbnail } from "./api.js";
import { Compare } from "./compare.js";
import { Detail } from "./detail.js";
import { openDialog } from "./dialogs.js";
import { byId, make } from "./element.js";
import { Exports } from "./exports.js";
import { Filters } from "./filters.js";
import { fillHelp } from "./help.js";
import { Histogram } from "./histogram.js";
import { JobLine } from "./jobs.js";
import { attempt } from "./messages.js";
import { ORDERS } from "./orders.js";
import { Picks } from "./picks.js";
import { recall, remember } from "./remember.js";
import { Scale } from "./scale.js";
import { Selection } from "./selection.js";
import { Sheet } from "./sheet.js";
import { drawState } from "./state.js";
import { Sync } from "./sync.js";
import { bindTheme } from "./theme.js";
import { Thumbnails } from "./thumbnails.js";
import { Uploads } from "./upload.js";
import { View } from "./view.js";

const album = new Album();
const scale = new Scale();
const view = new View(album, scale);
const selection = new Selection();
const picks = new Picks(album);
const sheet = new Sheet(byId("sheet"), byId("cells"), { view, selection, thumbnails: new Thumbnails(getThumbnail) });
const histogram = new Histogram(view, picks);
const filters = new Filters(view);
const detail = new Detail({ album, view, picks });
const compare = new Compare({ album, view, picks });
const exports = new Exports({ view, selection });
const uploads = new Uploads(album);
const jobs = new JobLine(() => sync.soon());
const sync = new Sync({ album, onStatus: learn, onJobs: (all) => jobs.show(all) });
new Actions({ album, view, selection, picks, sheet, detail, compare, filters, sync }).bind();

/** Asks anew what a server that has just started is and scores by. */
async function learn(status) {
  uploads.limits = status.limits;
  byId("folder").textContent = status.folder ?? "Photos";
  document.title = `${status.folder ?? "Photos"} \u2013 musiq`;
  byId("rescan").hidden = !status.folder;
  const checkpoint = await attempt("What the score means is not known", getCheckpoint);
  if (!checkpoint) return;
  scale.learn(checkpoint);
  detail.checkpoint = checkpoint;
  describeCheckpoint(checkpoint, scale);
  byId("checkpoint").textContent = `${status.checkpoint}${scale.known ? `, ${scale.low} to ${scale.high}` : ""}`;
  byId("percentiles").hidden = !checkpoint.population;
}

album.addEventListener("change", () => {
  view.refresh();
  filters.count();
});
view.addEventListener("change", ({ detail: { asked } }) => {
  selection.keepShown(view);
  histogram.draw();
  filters.draw();
  sheet.show(asked);
  detail.refresh();
  compare.refresh();
  drawState(view);
});

for (const [value, { words }] of Object.entries(ORDERS)) byId("order").append(make("option", { value, text: words }));
view.order = recall("order") in ORDERS ? recall("order") : "best";
byId("order").value = view.order;
byId("order").addEventListener("change", ({ target }) => {
  remember("order", target.value);
  view.sort(target.value);
});
byId("size").value = recall("size") ?? (innerWidth < 700 ? 160 : 220);
byId("size").addEventListener("input", ({ target }) => {
  remember("size", target.value);
  sheet.measure(Number(target.value));
});
sheet.measure(Number(byId("size").value));
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
  });
}
for (const button of document.querySelectorAll("[data-about]"))
  button.addEventListener("click", () => openDialog(byId("about")));
bindTheme(byId("theme"));
fillHelp();
sync.soon();
