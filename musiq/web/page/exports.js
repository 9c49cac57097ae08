import { exportPhotos } from "./api.js";
import { openDialog } from "./dialogs.js";
import { byId, make } from "./element.js";
import { attempt, tell } from "./messages.js";
import { photos as inWords } from "./words.js";

const FORMATS = [
  ["csv", "CSV", "a table for spreadsheets"],
  ["json", "JSON", "for programs"],
  ["xmp", "XMP sidecars", "stars and rejects for photo managers, in a ZIP file to unpack beside the photos"],
];

/** The dialog that saves scores and marks as a file. */
export class Exports {
  constructor({ view, selection }) {
    Object.assign(this, { view, selection, dialog: byId("export") });
    byId("export-open").addEventListener("click", () => this.open());
    byId("export-go").addEventListener("click", () => this.#save());
    byId("export-format").append(
      ...FORMATS.map(([value, title, note], index) => choice("format", value, title, note, !index)),
    );
  }

  open() {
    const { shown, album, narrowed } = this.view;
    const picked = [...this.view.shown].filter((photo) => photo.pick === "pick");
    this.sets = {
      all: [...album.photos.keys()],
      shown: shown.map((photo) => photo.id),
      picked: picked.map((photo) => photo.id),
      selected: shown.map((photo) => photo.id).filter((id) => this.selection.has(id)),
    };
    const chosen = this.sets.selected.length ? "selected" : narrowed ? "shown" : "all";
    const words = {
      all: "All",
      shown: "Only those shown",
      picked: "Only picks among them",
      selected: "Only those selected",
    };
    const choices = Object.entries(this.sets).map(([value, ids]) =>
      choice("which", value, words[value], inWords(ids.length), value === chosen, !ids.length),
    );
    byId("export-which").replaceChildren(byId("export-which").firstElementChild, ...choices);
    openDialog(this.dialog);
  }

  async #save() {
    const chosen = (name) => this.dialog.querySelector(`input[name=${name}]:checked`).value;
    const [which, format] = [chosen("which"), chosen("format")];
    const ids = which === "all" ? null : this.sets[which];
    const answer = await attempt("Nothing is exported", () => exportPhotos(format, ids));
    if (!answer) return;
    save(answer);
    this.dialog.close();
    tell(`${inWords(this.sets[which].length)} exported.`);
  }
}

/** Hands a file to the browser's downloads. */
function save({ name, blob }) {
  const address = URL.createObjectURL(blob);
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

function choice(name, value, title, note, checked, disabled = false) {
  const box = make("input", { type: "radio", name, value, checked, disabled });
  return make("label", { class: "choice" }, box, title, make("span", { class: "note", text: note }));
}
