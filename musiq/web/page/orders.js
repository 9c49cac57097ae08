const text = (name) => (a, b) => (a[name] < b[name] ? -1 : a[name] > b[name] ? 1 : 0);
const byName = text("nameKey");
const byFolder = text("folderKey");

/** Sorts by a number, smallest first; photos without one come last, then names decide. */
function by(value) {
  return (photos, scale) => {
    for (const photo of photos) photo.place = value(photo, scale) ?? Infinity;
    return photos.sort((a, b) => a.place - b.place || byName(a, b) || byFolder(a, b));
  };
}

const badness = (photo, scale) => (photo.score == null ? null : scale.badness(photo.score));
const minus = (value) => (value == null ? null : -value);
const width = (photo) => (photo.interval_low == null ? null : photo.interval_high - photo.interval_low);
const best = by(badness);

/** How the sheet may be sorted: words, and what sorts photos on the checkpoint's scale. */
export const ORDERS = {
  best: { words: "Best first", sort: best },
  worst: { words: "Worst first", sort: by((photo, scale) => minus(badness(photo, scale))) },
  percentile: { words: "Percentile", sort: by((photo) => minus(photo.percentile)) },
  uncertain: { words: "Least certain first", sort: by((photo) => minus(width(photo))) },
  certain: { words: "Most certain first", sort: by(width) },
  name: { words: "Name", sort: (photos) => photos.sort((a, b) => byName(a, b) || byFolder(a, b)) },
  folder: { words: "Folder, best first", sort: (photos, scale) => best(photos, scale).sort(byFolder) },
  pixels: { words: "Most pixels", sort: by((photo) => minus(photo.width && photo.width * photo.height)) },
  bytes: { words: "Largest file", sort: by((photo) => minus(photo.bytes)) },
  marked: { words: "Newest marks", sort: by((photo) => (photo.marked ? -photo.marked : null)) },
};
