/** The five words of the rating scale, worst first. */
export const BANDS = ["bad", "poor", "fair", "good", "excellent"];

/** Which numbers the checkpoint gives: their ends, their direction, and how they are written. */
export class Scale {
  known = false;
  low = 0;
  high = 1;
  higherIsBetter = true;

  /** Takes over what /api/checkpoint says. */
  learn(checkpoint) {
    this.known = checkpoint.low != null && checkpoint.high != null;
    if (this.known) Object.assign(this, { low: checkpoint.low, high: checkpoint.high });
    this.higherIsBetter = checkpoint.higher_is_better;
  }

  /** Takes the ends from the scores themselves where the checkpoint does not name them. */
  observe(scores) {
    if (this.known || !scores.length) return;
    this.low = Math.floor(scores.reduce((least, score) => Math.min(least, score)) * 10) / 10;
    this.high = Math.max(this.low + 0.1, Math.ceil(scores.reduce((most, score) => Math.max(most, score)) * 10) / 10);
  }

  get span() {
    return this.high - this.low;
  }

  /** The end of the scale that every score is at least as good as. */
  get worst() {
    return this.higherIsBetter ? this.low : this.high;
  }

  /** Whether a score is as good as another or better. */
  reaches(score, other) {
    return this.higherIsBetter ? score >= other : score <= other;
  }

  /** A number that falls as the score gets better, for sorting best first. */
  badness(score) {
    return this.higherIsBetter ? -score : score;
  }

  /** The score as text; `more` digits than in the sheet. */
  write(score, more = 0) {
    const digits = this.span >= 50 ? 0 : this.span >= 5 ? 1 : 2;
    return score.toFixed(digits + more);
  }
}
