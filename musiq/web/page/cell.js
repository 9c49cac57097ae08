import { icon, make } from "./element.js";
import { describe, interval } from "./words.js";

/** A new cell of the sheet: a photo's thumbnail, score, band and mark. `data-do` names what a click on a part does. */
export function makeCell(photo) {
  const cell = make(
    "div",
    { role: "option", class: "cell", tabindex: "-1", "data-id": photo.id },
    make(
      "div",
      { class: "thumb" },
      make("img", { alt: "", draggable: "false", decoding: "async" }),
      make("span", { class: "why" }),
      make("span", { class: "check", "data-do": "select", title: "Select" }, icon("pick")),
      make("span", { class: "flag" }),
      make(
        "span",
        { class: "quick" },
        make("span", { "data-do": "pick", title: "Pick (P)" }, icon("pick")),
        make("span", { "data-do": "reject", title: "Reject (X)" }, icon("reject")),
      ),
    ),
    make(
      "div",
      { class: "line1" },
      make("span", { class: "score" }),
      make("span", { class: "meter" }),
      make("span", { class: "band" }),
      make("span", { class: "interval" }),
    ),
    make("div", { class: "name" }),
  );
  cell.parts = Object.fromEntries(
    ["thumb", "why", "flag", "score", "band", "interval", "name"].map((part) => [part, cell.querySelector(`.${part}`)]),
  );
  cell.parts.img = cell.querySelector("img");
  return cell;
}

/** Writes into a cell what is known of its photo now. */
export function fillCell(cell, photo, scale) {
  const { why, flag, score, band, interval: range, name } = cell.parts;
  cell.dataset.state = photo.state;
  cell.dataset.band = photo.band ?? "";
  cell.dataset.pick = photo.pick ?? "";
  cell.setAttribute("aria-label", describe(photo, scale));
  const scored = photo.state === "scored";
  score.textContent = scored ? scale.write(photo.score) : photo.state === "failed" ? "Failed" : "Waiting";
  band.textContent = photo.band ?? "";
  range.textContent = scored && photo.interval_low != null ? interval(photo, scale).replace(" to ", "\u2013") : "";
  range.title = "Where the mean rating probably lies";
  why.textContent = photo.error ?? "";
  name.textContent = photo.name;
  name.title = photo.path;
  flag.replaceChildren(...(photo.pick ? [icon(photo.pick)] : []));
}
