import { putPick, putPicks } from "./api.js";
import { attempt, say, tell } from "./messages.js";
import { patiently } from "./patience.js";
import { photos as inWords } from "./words.js";

const DONE = { pick: "picked", reject: "rejected", null: "unmarked" };
const AT_ONCE = 5000; // marks in one request

/** Marks of photos: shown at once, saved by the server, taken back if it refuses; and the way back. */
export class Picks {
  #steps = []; // each a Map of id -> mark before
  #queue = Promise.resolve(); // one after another, so that the last mark stands
  #unsaved = 0;

  constructor(album) {
    this.album = album;
    addEventListener("beforeunload", (event) => this.#unsaved && event.preventDefault());
  }

  /** Marks photos `pick`, `reject` or null; more than a few at once are told of, with a button for the way back. */
  mark(ids, pick) {
    const before = new Map();
    for (const id of ids) {
      const photo = this.album.photos.get(id);
      if (photo && photo.pick !== pick) before.set(id, photo.pick);
    }
    if (!before.size) return;
    this.#steps.push(before);
    this.#save([...before.keys()], pick, before);
    const words = `${inWords(before.size)} ${DONE[pick]}`;
    if (before.size > 1) tell(`${words}.`, "Undo", () => this.undo());
    else say(`${this.album.photos.get(ids[0]).name} ${DONE[pick]}`);
  }

  /** Takes the last mark back. */
  undo() {
    const before = this.#steps.pop();
    if (!before) return say("Nothing to undo");
    for (const pick of ["pick", "reject", null]) {
      const ids = [...before.keys()].filter((id) => before.get(id) === pick && this.album.photos.has(id));
      if (ids.length) this.#save(ids, pick, null);
    }
    say(`Mark of ${inWords(before.size)} taken back`);
  }

  #save(ids, pick, before) {
    this.album.mark(ids, pick);
    this.#unsaved += 1;
    this.#queue = this.#queue.then(() => attempt("The mark is not saved", () => this.#send(ids, pick, before)));
  }

  async #send(ids, pick, before) {
    try {
      if (ids.length === 1) await patiently(() => putPick(ids[0], pick));
      for (let at = 0; ids.length > 1 && at < ids.length; at += AT_ONCE) {
        await patiently(() => putPicks(ids.slice(at, at + AT_ONCE), pick));
      }
    } catch (error) {
      for (const [id, mark] of before ?? []) {
        this.album.mark([id], mark);
        this.album.settled([id], mark);
      }
      throw error;
    } finally {
      this.#unsaved -= 1;
      this.album.settled(ids, pick);
    }
  }
}
