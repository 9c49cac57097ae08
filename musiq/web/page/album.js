/**
 * The photos that the server knows, by id. Tells `change` when entries came, changed or went.
 *
 * A photo is the server's entry, and beside it `nameKey` and `folderKey` for sorting, `text` for finding, `version`,
 * another number after each change, `marked`, which grows with each mark that came, and places that `View` notes.
 */
export class Album extends EventTarget {
  photos = new Map();
  instance = null;
  revision = 0;
  whole = false;
  #before = new Set();
  #pending = new Map();
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

  /** Shows a mark at once, whatever the server's list says until `settled`. */
  mark(ids, pick) {
    for (const id of ids) {
      this.#pending.set(id, pick);
      this.#setPick(this.photos.get(id), pick);
    }
    this.changed();
  }

  /** Trusts the server's list again for photos that were marked so, unless they were marked anew. */
  settled(ids, pick) {
    for (const id of ids) if (this.#pending.get(id) === pick) this.#pending.delete(id);
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
    const pick = this.#pending.has(entry.id) ? this.#pending.get(entry.id) : entry.pick;
    const before = photo.pick ?? null;
    Object.assign(photo, entry, { pick: before, version: ++this.#changes });
    this.#setPick(photo, pick);
    this.photos.set(entry.id, photo);
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
    text: `${folder}/${name}\n${path}`.toLowerCase(),
    marked: 0,
  };
}

/** Text that sorts as people expect: without case and accents, DSC_9 before DSC_10. */
function sortKey(text) {
  const plain = text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.replace(/\d+/g, (digits) => digits.padStart(12, "0"));
}
