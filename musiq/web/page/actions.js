import { getBurst, startJob } from "./api.js";
import { MOST } from "./compare.js";
import { leave, openDialog, topDialog } from "./dialogs.js";
import { byId } from "./element.js";
import { listenForKeys } from "./keys.js";
import { attempt, say, tell } from "./messages.js";
import { count, photos as inWords } from "./words.js";

/** What keys, clicks and buttons do to the photos of the sheet. */
export class Actions {
  constructor(parts) {
    Object.assign(this, parts);
  }

  bind() {
    this.#listenToSheet();
    this.#listenToButtons();
    this.#listenToKeys();
  }

  /** Marks the active photo, with it the selection it is in; `onward` goes to the next one. */
  mark(pick, onward) {
    const { active } = this.sheet;
    if (!active) return;
    const ids = this.selection.with(active);
    const next = this.view.shown[this.view.placeOf(active) + 1]?.id;
    this.picks.mark(ids, pick);
    if (onward && ids.length === 1 && next && this.view.placeOf(next) >= 0) this.sheet.focus(next);
  }

  /** Compares the selected photos, or one with those like it. */
  async compareFrom(id) {
    const chosen = this.selection.with(id);
    if (chosen.length > 1) return this.#compare(chosen, "selected");
    const answer = await attempt("Similar photos are not found", () => getBurst(id));
    const ids = (answer?.ids ?? []).filter((one) => this.album.photos.has(one));
    if (ids.length > 1) this.#compare(ids, "similar");
    else if (answer) tell("No photo of this folder is similar. Select some (Space) to compare them.");
  }

  #compare(ids, kind) {
    const which = kind === "selected" ? "that are selected" : "that are similar";
    const more = ids.length > MOST ? `The first ${MOST} of ${inWords(ids.length)} ${which}.` : "";
    this.compare.open(ids, more);
  }

  #listenToSheet() {
    const { sheet, detail, compare } = this;
    sheet.addEventListener("open", ({ detail: id }) => detail.open(id));
    sheet.addEventListener("part", ({ detail: { id, part } }) => {
      const same = this.album.photos.get(id)?.pick === part;
      this.picks.mark([id], same ? null : part);
    });
    detail.addEventListener("close", () => sheet.focus(this.view.placeOf(detail.id) < 0 ? sheet.active : detail.id));
    detail.addEventListener("compare", ({ detail: id }) => this.compareFrom(id));
    this.selection.addEventListener("change", () => this.#drawSelection());
    compare.addEventListener("close", () => detail.dialog.open || sheet.focus(sheet.active));
  }

  #drawSelection() {
    const { size } = this.selection.ids;
    if (!size) leave(byId("chosen"));
    byId("chosen").hidden = !size;
    document.body.classList.toggle("choosing", size > 0);
    byId("chosen-count").textContent = `${count(size)} selected`;
    byId("chosen-compare").disabled = size < 2;
  }

  #listenToButtons() {
    const { selection, sheet, filters } = this;
    const mark = (pick) => () => this.picks.mark([...selection.ids], pick);
    const clicks = {
      "chosen-pick": mark("pick"),
      "chosen-reject": mark("reject"),
      "chosen-unmark": mark(null),
      "chosen-compare": () => this.#compare([...selection.ids], "selected"),
      "chosen-clear": () => {
        selection.clear();
        sheet.focus(sheet.active);
      },
      "nothing-clear": () => filters.clear(),
      "help-open": () => openDialog(byId("help")),
      rescan: () => this.#rescan(),
    };
    for (const [id, does] of Object.entries(clicks)) byId(id).addEventListener("click", does);
  }

  async #rescan() {
    const job = await attempt("The folder is not scored", () => startJob(["."]));
    if (job) this.sync.soon();
  }

  #listenToKeys() {
    const { sheet, selection, view } = this;
    const inSheet = ({ target }) => !topDialog() && (target === document.body || byId("cells").contains(target));
    const mark = (pick) => (event) => this.mark(pick, event.shiftKey);
    const withActive = (does) => () => (sheet.active ? does(sheet.active) : false);
    listenForKeys(
      document.body,
      "sheet",
      {
        open: withActive((id) => this.detail.open(id)),
        map: withActive((id) => this.detail.open(id, true)),
        pick: mark("pick"),
        reject: mark("reject"),
        unmark: mark(null),
        select: withActive((id) => selection.toggle(id)),
        compare: withActive((id) => this.compareFrom(id)),
        all: () => (selection.ids.size === view.shown.length ? selection.clear() : selection.all(view)),
      },
      inSheet,
    );
    document.body.addEventListener("keydown", (event) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !inSheet(event)) return;
      if (sheet.move(event.key)) event.preventDefault();
    });
    listenForKeys(document, "page", {
      find: () => this.#find(),
      undo: () => this.picks.undo(),
      help: () => (topDialog() ? false : openDialog(byId("help"))),
      close: () => this.#close(),
    });
  }

  #find() {
    if (topDialog()) return false;
    this.filters.toggle(true);
    byId("text").select();
    return true;
  }

  #close() {
    if (topDialog()) return false;
    this.filters.toggle(false);
    this.selection.clear();
    say("Selection cleared");
    return true;
  }
}
