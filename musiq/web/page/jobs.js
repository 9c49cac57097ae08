import { cancelJob } from "./api.js";
import { leave } from "./dialogs.js";
import { byId } from "./element.js";
import { attempt, say, tell } from "./messages.js";
import { count, duration, photos } from "./words.js";

/** The line that says how far the running job is. */
export class JobLine {
  #last = null; // the job shown

  constructor(soon) {
    byId("job-cancel").addEventListener("click", async () => {
      await attempt("The job goes on", () => cancelJob(this.#last.id));
      soon();
    });
  }

  /** Shows the running job of all, or that it has ended. Gives whether one runs or waits. */
  show(jobs) {
    const job = jobs.find((one) => one.state === "running") ?? jobs.findLast((one) => one.state === "waiting");
    if (this.#last && this.#last.id !== job?.id) this.#end(jobs.find((one) => one.id === this.#last.id));
    if (job && this.#last?.id !== job.id) say("Scoring has begun.");
    this.#last = job ?? null;
    if (!job) leave(byId("job"));
    byId("job").hidden = !job;
    if (job) this.#draw(job, jobs.filter((one) => one.state === "waiting" && one !== job).length);
    return Boolean(job);
  }

  #draw(job, waiting) {
    const bar = byId("job-bar");
    if (job.total) Object.assign(bar, { max: job.total, value: job.done });
    else bar.removeAttribute("value");
    byId("job-words").textContent = words(job, waiting);
  }

  #end(job) {
    if (!job) return;
    if (job.state === "failed") tell(`Scoring ended: ${job.reason}`);
    else tell(`${job.state === "cancelled" ? "Stopped. " : ""}${photos(job.scored + job.known)} scored${failed(job)}.`);
  }
}

function words(job, waiting) {
  if (job.state === "waiting") return "Waiting to be scored";
  const parts = [
    job.total ? `Scoring ${count(job.done)} of ${photos(job.total)}` : `Scoring, ${photos(job.done)} so far`,
  ];
  if (job.rate) parts.push(`${job.rate >= 10 ? count(job.rate) : job.rate.toFixed(1)} a second`);
  if (job.eta_s != null) parts.push(`about ${duration(job.eta_s)} to go`);
  if (job.failed) parts.push(`${count(job.failed)} failed`);
  if (waiting) parts.push(`${count(waiting)} more waiting`);
  return parts.join(" \u00b7 ");
}

const failed = (job) => (job.failed ? `, ${count(job.failed)} failed` : "");
