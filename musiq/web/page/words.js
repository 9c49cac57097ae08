const NUMBER = new Intl.NumberFormat("en");

/** Text without case and accents, whichever way they are encoded. */
export const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** A whole number as people write it: 1,204. */
export const count = (number) => NUMBER.format(Math.round(number));

/** `1 photo`, `1,204 photos`. */
export const photos = (number) => `${count(number)} ${number === 1 ? "photo" : "photos"}`;

/** A size as people write it: 2.3 MB. */
export function bytes(number) {
  const [power, unit] = number >= 1e9 ? [1e9, "GB"] : number >= 1e6 ? [1e6, "MB"] : [1e3, "kB"];
  return `${(number / power).toFixed(number >= 1e6 ? 1 : 0)} ${unit}`;
}

/** A time to go as people say it: about 3 min. */
export function duration(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** What a screen reader says of a photo in the sheet. */
export function describe(photo, scale) {
  const parts = [photo.name];
  if (photo.pick) parts.push(photo.pick === "pick" ? "picked" : "rejected");
  if (photo.state === "scored") {
    parts.push(`score ${scale.write(photo.score)}`);
    if (photo.band) parts.push(photo.band);
    if (photo.percentile != null) parts.push(`percentile ${Math.round(photo.percentile)}`);
    if (photo.interval_low != null) parts.push(`interval ${interval(photo, scale)}`);
  } else {
    parts.push(photo.state === "failed" ? `failed: ${photo.error}` : "not scored yet");
  }
  return parts.join(", ");
}

/** Where the mean rating probably lies, on the scale: 66 to 82. */
export function interval(photo, scale) {
  const inside = (value) => (scale.known ? Math.min(scale.high, Math.max(scale.low, value)) : value);
  return `${scale.write(inside(photo.interval_low))} to ${scale.write(inside(photo.interval_high))}`;
}
