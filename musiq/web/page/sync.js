import { getJobs, getPhotos, getStatus } from "./api.js";
import { byId } from "./element.js";
import { complain, say } from "./messages.js";

const PART = 2000; // entries of one answer: short tasks, so that the page stays smooth
const BUSY_MS = 1000;
const IDLE_MS = 3000;
const HIDDEN_MS = 15000;
const LOST_MS = 1500;

/** Keeps album, jobs and status as the server has them, and finds the server again when it was away. */
export class Sync {
  busy = false;
  #connected = null; // null before the first answer
  #timer = 0;
  #running = false;

  /** @param {{album: Object, onStatus: Function, onJobs: Function}} parts onJobs gives whether a job is at work. */
  constructor(parts) {
    Object.assign(this, parts);
    document.addEventListener("visibilitychange", () => document.hidden || this.soon());
  }

  /** Asks now instead of at the next turn. */
  async soon() {
    clearTimeout(this.#timer);
    if (this.#running) return;
    this.#running = true;
    try {
      await this.#turn();
    } finally {
      this.#running = false;
      this.#timer = setTimeout(() => this.soon(), this.#pause());
    }
  }

  #pause() {
    if (!this.#connected) return LOST_MS;
    return document.hidden ? HIDDEN_MS : this.busy ? BUSY_MS : IDLE_MS;
  }

  async #turn() {
    try {
      await this.#photos();
      const { jobs } = await getJobs();
      this.busy = this.onJobs(jobs);
      this.#found();
    } catch (error) {
      this.#lost(error);
    }
  }

  async #photos() {
    for (let more = true; more;) {
      const { album } = this;
      const since = album.revision;
      const answer = await getPhotos(since, PART);
      if (answer.instance !== album.instance) {
        await this.onStatus(await getStatus());
        album.restart(answer.instance);
        if (since) continue;
      }
      album.apply(answer);
      more = answer.more;
      if (more) await new Promise((done) => setTimeout(done));
    }
  }

  #found() {
    if (this.#connected === false) say("Connected again.");
    this.#connected = true;
    byId("offline").hidden = true;
  }

  #lost(error) {
    if (!("status" in error)) throw error;
    byId("offline").hidden = !error.passing;
    if (this.#connected === false) return;
    this.#connected = false;
    if (error.status === 401) complain("This server asks for its token: open the address that `musiq serve` printed.");
    else if (error.passing) say("The server does not answer. Trying again.");
    else complain(`The list of photos cannot be read: ${error.message}`);
  }
}
