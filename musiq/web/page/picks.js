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
    const changed = this.#change(ids.map((id) => [id, pick]));
    if (changed.length > 1) tell(`${inWords(changed.length)} ${DONE[pick]}.`, "Undo", () => this.undo());
    else if (changed.length) say(`${this.album.photos.get(changed[0]).name} ${DONE[pick]}`);
  }

  /** Picks one photo and rejects others, in one step. */
  only(id, others) {
    this.#change([[id, "pick"], ...others.map((other) => [other, "reject"])]);
    say("This one picked, the others rejected");
  }

  /** Takes the last mark back. */
  undo() {
    const step = this.#steps.pop();
    if (!step) return say("Nothing to undo");
    this.#save(step, () => this.#keep(step));
    say(`Mark of ${inWords(step.size)} taken back`);
  }

  /** Marks photos in one step, which undo takes back. Gives the ids of those that had another mark. */
  #change(marks) {
    const { photos } = this.album;
    const changed = new Map(marks.filter(([id, pick]) => photos.has(id) && photos.get(id).pick !== pick));
    const step = new Map([...changed.keys()].map((id) => [id, photos.get(id).pick]));
    if (step.size) this.#steps.push(step);
    this.#save(changed, (ids) => this.#forget(step, ids));
    return [...changed.keys()];
  }

  /** Puts a step back that was not taken back. */
  #keep(step) {
    if (step.size && !this.#steps.includes(step)) this.#steps.push(step);
  }

  /** Leaves out of a step what did not happen. */
  #forget(step, ids) {
    for (const id of ids) step.delete(id);
    if (!step.size) this.#steps = this.#steps.filter((one) => one !== step);
  }

  /** Shows and sends marks (id -> mark); calls `refused` with the ids of those that the server does not take. */
  #save(marks, refused) {
    for (const pick of ["pick", "reject", null]) {
      const ids = [...marks.keys()].filter((id) => marks.get(id) === pick && this.album.photos.has(id));
      if (!ids.length) continue;
      const wish = this.album.mark(ids, pick);
      this.#unsaved += 1;
      this.#queue = this.#queue.then(() => attempt("The mark is not saved", () => this.#send(ids, wish, refused)));
    }
  }

  /** Sends marks, however long the server is away. */
  async #send(ids, wish, refused) {
    const { pick } = wish;
    let at = 0;
    try {
      for (; at < ids.length; at += AT_ONCE) {
        const part = ids.slice(at, at + AT_ONCE);
        await patiently(() => (ids.length > 1 ? putPicks(part, pick) : putPick(part[0], pick)), Infinity);
        this.album.saved(part, wish);
      }
    } catch (error) {
      refused(ids.slice(at));
      this.album.refused(ids.slice(at), wish);
      throw error;
    } finally {
      this.#unsaved -= 1;
    }
  }
}
