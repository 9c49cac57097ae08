import { byId, make } from "./element.js";
import { capital, coverageOf } from "./meaning.js";

/** Fills the dialog that says what a score means, from what the server says of its checkpoint. */
export function describeCheckpoint(checkpoint, scale) {
  const name = checkpoint.name ?? checkpoint.checkpoint;
  const own = checkpoint.own_scale?.name;
  const who = own ? `the ratings of "${own}"` : "how people on average would rate the look of a photo";
  const parts = [
    paragraph(`The checkpoint "${name}" predicts ${who}.`),
    ...ofScale(checkpoint, scale),
  ];
  if (checkpoint.population)
    parts.push(
      paragraph(`The percentile says how many percent of other photos score less: of ${checkpoint.population.name}.`),
    );
  const coverage = coverageOf(checkpoint);
  if (coverage)
    parts.push(
      paragraph(`The interval holds people's mean rating for about ${Math.round(100 * coverage)} of 100 photos.`),
    );
  if (checkpoint.training_data?.length) parts.push(title("Learned from"), list(checkpoint.training_data));
  parts.push(...ofAccuracy(checkpoint.accuracy ?? {}));
  parts.push(
    title("For the record"),
    facts([
      ["Weights", checkpoint.weights],
      ["Preprocessing", checkpoint.preprocess],
      ["Licence", checkpoint.licence],
    ]),
  );
  byId("about-body").replaceChildren(...parts);
}

function ofScale(checkpoint, scale) {
  if (!scale.known)
    return [paragraph("It does not say on which scale; scores of the same checkpoint compare with each other only.")];
  const best = scale.higherIsBetter ? scale.high : scale.low;
  const words = `Scores go from ${scale.low} to ${scale.high}; ${best} is the best. A few may lie a little outside.`;
  const rows = (checkpoint.bands ?? []).map((band) => {
    const word = band.name ?? band.band;
    return make(
      "tr",
      {},
      make("th", { scope: "row" }, make("span", { class: "meter", "data-band": word }), ` ${capital(word)}`),
      make("td", { text: `${scale.write(band.low)} to ${scale.write(band.high)}` }),
    );
  });
  return [paragraph(words), make("table", {}, make("tbody", {}, ...rows.reverse()))];
}

function ofAccuracy(accuracy) {
  const sets = Object.entries(accuracy);
  if (!sets.length) return [];
  const cells = ([set, figures]) => [
    set,
    figures.images ?? "",
    rounded(figures.srcc),
    rounded(figures.plcc),
    rounded(figures.rmse),
  ];
  const head = ["Photos of", "how many", "SRCC", "PLCC", "RMSE"].map((text) => make("th", { scope: "col", text }));
  const rows = sets
    .map(cells)
    .map(([set, ...rest]) =>
      make("tr", {}, make("th", { scope: "row", text: set }), ...rest.map((text) => make("td", { text }))),
    );
  return [
    title("How well it agrees with people"),
    paragraph(
      "Correlation of order (SRCC) and of value (PLCC) with people's mean ratings, 1 at best; RMSE: typical error.",
    ),
    make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows)),
  ];
}

const rounded = (figure) => figure?.toFixed(3) ?? "";
const paragraph = (text) => make("p", { text });
const title = (text) => make("h3", { text });
const list = (texts) => make("ul", {}, ...texts.map((text) => make("li", { text })));
const facts = (pairs) =>
  make(
    "dl",
    {},
    ...pairs.filter(([, text]) => text).flatMap(([name, text]) => [make("dt", { text: name }), make("dd", { text })]),
  );
