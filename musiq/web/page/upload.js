import { clearUploads, uploadFile } from "./api.js";
import { leave } from "./dialogs.js";
import { droppedFiles } from "./dropped.js";
import { byId } from "./element.js";
import { attempt, complain, tell } from "./messages.js";
import { patiently } from "./patience.js";
import { bytes, count, photos } from "./words.js";

const AT_ONCE = 3;
const TRIES = 40;

/** Files that people add: sent a few at a time, tried again while the server is busy. */
export class Uploads {
  limits = null; // of the server
  #waiting = [];
  #sending = 0;
  #total = 0;
  #ended = 0;
  #added = 0;
  #failed = [];
  #abort = new AbortController();

  constructor(album) {
    this.album = album;
    for (const id of ["files", "files-here"]) {
      byId(id).addEventListener("change", (event) => {
        this.add([...event.target.files]);
        event.target.value = "";
      });
    }
    byId("upload-cancel").addEventListener("click", () => this.#cancel());
    byId("uploads-clear").addEventListener("click", () => this.#clear());
    this.#listenForDrops();
  }

  /** Sends files, after those that wait. */
  add(files) {
    this.#waiting.push(...files);
    this.#total += files.length;
    while (this.#sending < AT_ONCE && this.#waiting.length) this.#work();
    this.#draw();
  }

  async #work() {
    this.#sending += 1;
    while (this.#waiting.length) {
      await this.#send(this.#waiting.shift());
      this.#ended += 1;
      this.#draw();
    }
    this.#sending -= 1;
    if (!this.#sending) this.#end();
  }

  async #send(file) {
    const limit = this.limits?.file_bytes;
    try {
      if (limit && file.size > limit) throw new Error(`${bytes(file.size)} exceed the limit of ${bytes(limit)}`);
      const { signal } = this.#abort;
      const { photos: entries } = await patiently(() => uploadFile(file, signal), TRIES, signal);
      this.album.add(entries);
      this.#added += 1;
      for (const entry of entries) if (entry.state === "failed") this.#failed.push(`${entry.name}: ${entry.error}`);
    } catch (error) {
      if (error.name !== "AbortError") this.#failed.push(`${file.name}: ${error.message}`);
    }
  }

  #end() {
    if (this.#failed.length) {
      const some = this.#failed.slice(0, 3).join("; ") + (this.#failed.length > 3 ? " ..." : "");
      complain(`${count(this.#failed.length)} of ${photos(this.#total)} not scored. ${some}`);
    } else if (this.#added) tell(`${photos(this.#added)} added.`);
    this.#total = this.#ended = this.#added = 0;
    this.#failed = [];
    this.#draw();
  }

  #cancel() {
    this.#waiting = [];
    this.#abort.abort();
    this.#abort = new AbortController();
  }

  async #clear() {
    const answer = await attempt("The photos stay", clearUploads);
    if (!answer) return;
    const added = [...this.album.photos.values()].filter((photo) => photo.upload);
    this.album.add(added.map((photo) => ({ ...photo, removed: true })));
    tell(`${photos(answer.removed)} removed.`);
  }

  #draw() {
    if (!this.#total) leave(byId("upload"));
    byId("upload").hidden = !this.#total;
    Object.assign(byId("upload-bar"), { max: Math.max(1, this.#total), value: this.#ended });
    const failed = this.#failed.length ? ` \u00b7 ${count(this.#failed.length)} failed` : "";
    byId("upload-words").textContent = `Adding ${count(this.#ended)} of ${photos(this.#total)}${failed}`;
  }

  #listenForDrops() {
    const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
    addEventListener("dragover", (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      byId("drop").hidden = false;
    });
    addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) byId("drop").hidden = true;
    });
    addEventListener("drop", async (event) => {
      byId("drop").hidden = true;
      if (!holdsFiles(event)) return;
      event.preventDefault();
      const files = await attempt("Some of it cannot be read", () => droppedFiles(event.dataTransfer));
      if (files?.length) this.add(files);
    });
  }
}
