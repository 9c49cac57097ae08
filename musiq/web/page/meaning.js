import { BANDS } from "./scale.js";
import { interval } from "./words.js";

const FIFTHS = ["lowest", "second lowest", "middle", "second highest", "highest"];

/** What a photo's score means, in sentences. */
export function explain(photo, scale, checkpoint) {
  if (photo.state === "failed") return [`It has no score: ${photo.error}.`];
  if (photo.state === "waiting") return ["It is not scored yet."];
  const sentences = [];
  if (photo.band) {
    const fifth = scale.higherIsBetter ? FIFTHS[BANDS.indexOf(photo.band)] : FIFTHS[4 - BANDS.indexOf(photo.band)];
    const ends = `from ${scale.write(scale.low)} to ${scale.write(scale.high)}`;
    sentences.push(`${capital(photo.band)}: in the ${fifth} fifth of the scale ${ends}.`);
  }
  if (photo.percentile != null)
    sentences.push(
      `Better than ${Math.round(photo.percentile)} % of ${checkpoint?.population?.name ?? "the reference photos"}.`,
    );
  if (photo.interval_low != null) {
    const coverage = coverageOf(checkpoint);
    const often = coverage ? `, for about ${Math.round(100 * coverage)} of 100 photos` : "";
    sentences.push(`People's mean rating lies between ${interval(photo, scale).replace(" to ", " and ")}${often}.`);
  }
  if (checkpoint?.training_data?.length)
    sentences.push(`Learned from ratings of ${checkpoint.training_data.join(", ")}.`);
  return sentences;
}

/** The share of photos whose mean rating lies in its interval, null if the checkpoint gives none. */
export const coverageOf = (checkpoint) => checkpoint?.coverage ?? checkpoint?.interval?.coverage ?? null;

export const capital = (words) => words[0].toUpperCase() + words.slice(1);
