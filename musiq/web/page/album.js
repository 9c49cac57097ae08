import { fold } from "./words.js";

/**
 * The photos that the server knows, by id. Tells `change` when entries came, changed or went.
 *
 * A photo is the server's entry, and beside it `nameKey` and `folderKey` for sorting, `text` for finding, `version`,
 * another number after each change, `picture`, another number after each change of the file, `marked`, which grows with
 * each mark that came, `saved`, the mark that the server has, and places that `View` notes.
 */
export class Album extends EventTarget {
  photos = new Map();
  instance = null;
  revision = 0;
  whole = false;
  #before = new Set();
  #pending = new Map(); // id -> the last wish that the server has not answered
  #changes = 0;

  /** Begins to read the list of a server that started anew; what was known stays until that list is whole. */
  restart(instance) {
    this.instance = instance;
    this.revision = 0;
    this.whole = false;
    this.#before = new Set(this.photos.keys());
  }

  /** Takes over an answer of GET /api/photos. */
  apply({ revision, more, photos }) {
    this.revision = revision;
    for (const entry of photos) this.#take(entry);
    const ended = !more && !this.whole;
    if (!more) this.#end();
    if (photos.length || ended) this.changed();
  }

  /** Takes over entries that another answer gave. */
  add(photos) {
    for (const entry of photos) this.#take(entry);
    this.changed();
  }

  /** Shows a mark at once, whatever the server's list says. Gives the wish, for `saved` or `refused`. */
  mark(ids, pick) {
    const wish = { pick };
    for (const id of ids) {
      this.#pending.set(id, wish);
      this.#setPick(this.photos.get(id), pick);
    }
    this.changed();
    return wish;
  }

  /** Notes that the server has these marks now. */
  saved(ids, wish) {
    for (const id of ids) {
      if (this.photos.has(id)) this.photos.get(id).saved = wish.pick;
      if (this.#pending.get(id) === wish) this.#pending.delete(id);
    }
  }

  /** Shows the marks that the server has, but of photos that were marked anew. */
  refused(ids, wish) {
    for (const id of ids) {
      if (this.#pending.get(id) !== wish) continue;
      this.#pending.delete(id);
      this.#setPick(this.photos.get(id), this.photos.get(id)?.saved);
    }
    this.changed();
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  #take(entry) {
    this.#before.delete(entry.id);
    if (entry.removed) {
      this.photos.delete(entry.id);
      return;
    }
    const photo = this.photos.get(entry.id) ?? keyed(entry);
    const { pick } = this.#pending.get(entry.id) ?? entry;
    const before = photo.pick ?? null;
    Object.assign(photo, entry, { pick: before, saved: entry.pick, version: ++this.#changes });
    this.#setPicture(photo);
    this.#setPick(photo, pick);
    this.photos.set(entry.id, photo);
  }

  /** A photo that waits shows what it showed before: only its score tells whether it is another. */
  #setPicture(photo) {
    const content = photo.state === "waiting" ? photo.content : `${photo.bytes} ${photo.score} ${photo.error}`;
    if (!photo.picture || (photo.content && photo.content !== content)) photo.picture = photo.version;
    photo.content = content;
  }

  #setPick(photo, pick) {
    if (!photo || photo.pick === pick) return;
    photo.pick = pick;
    photo.version = ++this.#changes;
    photo.marked = pick ? photo.version : 0;
  }

  #end() {
    this.whole = true;
    for (const id of this.#before) this.photos.delete(id);
    this.#before.clear();
  }
}

function keyed({ id, name, folder, path }) {
  return {
    id,
    nameKey: sortKey(name),
    folderKey: sortKey(folder),
    text: fold(`${folder}/${name}\n${path}`),
    marked: 0,
  };
}

/** Text that sorts as people expect: DSC_9 before DSC_10. */
const sortKey = (text) => fold(text).replace(/\d+/g, (digits) => digits.padStart(12, "0"));
