import { afterFrame } from "./element.js";

const PATIENCE_MS = 80; // what is scrolled past faster is not asked for
const AT_ONCE = 6;
const KEPT = 600;

/** Thumbnails on demand: asked for while they are wanted, a few at once, newest wish first; kept for a while. */
export class Thumbnails {
  #kept = new Map(); // key -> address of a blob, oldest use first
  #wanted = new Map(); // key -> {id, px, use, timer, ready, abort}; a key tells one file of a photo from another

  /** @param {(id: string, px: number, signal: AbortSignal) => Promise<Blob>} load */
  constructor(load) {
    this.load = load;
  }

  /** Calls `use(address, error)` when the picture is there, unless it is dropped before. Gives the key for `drop`. */
  want({ id, picture }, px, use) {
    const key = `${id} ${px} ${picture}`;
    const address = this.#kept.get(key);
    if (address) {
      this.#keep(key, address);
      use(address, null);
    } else if (!this.#wanted.has(key)) {
      const wish = { id, px, use, ready: false, abort: null };
      this.#wanted.set(key, wish);
      this.#later(wish, PATIENCE_MS);
    }
    return key;
  }

  /** Is no longer wanted: not asked for, or no longer waited for. */
  drop(key) {
    const wish = this.#wanted.get(key);
    if (!wish) return;
    this.#wanted.delete(key);
    clearTimeout(wish.timer);
    wish.abort?.abort();
    this.#next();
  }

  /** Is ready after a time, and then a frame: on a slow machine a frame may take longer than the time. */
  #later(wish, milliseconds) {
    const ready = () => {
      wish.ready = true;
      this.#next();
    };
    wish.timer = setTimeout(() => afterFrame(ready), milliseconds);
  }

  #next() {
    const wishes = [...this.#wanted];
    let busy = wishes.filter(([, wish]) => wish.abort).length;
    for (const [key, wish] of wishes) {
      if (busy >= AT_ONCE) return;
      if (!wish.ready || wish.abort) continue;
      busy += 1;
      this.#fetch(key, wish);
    }
  }

  async #fetch(key, wish) {
    wish.abort = new AbortController();
    try {
      const blob = await this.load(wish.id, wish.px, wish.abort.signal);
      if (this.#wanted.get(key) !== wish) return;
      const address = URL.createObjectURL(blob);
      this.#keep(key, address);
      this.#wanted.delete(key);
      wish.use(address, null);
    } catch (error) {
      if (this.#wanted.get(key) === wish) this.#failed(key, wish, error);
    }
    this.#next();
  }

  #failed(key, wish, error) {
    wish.abort = null;
    wish.ready = false;
    if (error.passing) {
      this.#later(wish, (error.retryAfter ?? 2) * 1000);
    } else {
      this.#wanted.delete(key);
      wish.use(null, error);
    }
  }

  #keep(key, address) {
    this.#kept.delete(key);
    this.#kept.set(key, address);
    if (this.#kept.size <= KEPT) return;
    const [oldest, old] = this.#kept.entries().next().value;
    this.#kept.delete(oldest);
    URL.revokeObjectURL(old);
  }
}
