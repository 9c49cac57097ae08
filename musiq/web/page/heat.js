// Those of `musiq explain`: orange and grey differ in every kind of colour blindness, and grey leaves the photo.
const WORST = [255, 140, 0];
const BEST = [128, 128, 128];
const LONGEST_PX = 160;

/** Colour [red, green, blue] of a share: 0 is the worst, 1 the best. */
function colourOf(share) {
  const place = Math.min(1, Math.max(0, share));
  return WORST.map((part, index) => Math.round(part + (BEST[index] - part) * place));
}

/** Paints the colours from the worst to the best. */
export function paintBar(canvas) {
  paint(canvas, 64, 1, (x) => x / 63);
}

/** Paints a map: each pixel the mean of the regions that hold it. `share` makes a value 0 (worst) to 1 (best). */
export function paintMap(canvas, map, aspect, share) {
  const width = Math.max(1, Math.round(aspect >= 1 ? LONGEST_PX : LONGEST_PX * aspect));
  const height = Math.max(1, Math.round(aspect >= 1 ? LONGEST_PX / aspect : LONGEST_PX));
  const across = Array.from({ length: width }, (_, x) => holders(map.column_spans, (x + 0.5) / width));
  const down = Array.from({ length: height }, (_, y) => holders(map.row_spans, (y + 0.5) / height));
  paint(canvas, width, height, (x, y) => share(mean(map.values, down[y], across[x])));
}

function paint(canvas, width, height, shareAt) {
  Object.assign(canvas, { width, height });
  const picture = new ImageData(width, height);
  for (let at = 0; at < width * height; at += 1) {
    picture.data.set([...colourOf(shareAt(at % width, Math.floor(at / width))), 255], 4 * at);
  }
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

/** Indexes of the spans that hold a point. */
const holders = (spans, point) =>
  spans.flatMap(([first, last], index) => (first <= point && point <= last ? [index] : []));

function mean(values, rows, columns) {
  let sum = 0;
  for (const row of rows) for (const column of columns) sum += values[row][column];
  return sum / (rows.length * columns.length);
}
