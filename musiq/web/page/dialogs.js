import { byId } from "./element.js";

let opened = []; // the last one opened comes last

/** Opens a dialog above all others. */
export function openDialog(dialog) {
  if (dialog.open) return;
  dialog.showModal();
  opened = [...opened.filter((one) => one !== dialog), dialog];
}

/** The open dialog that is above all others, null if none is open. */
export const topDialog = () => opened.findLast((dialog) => dialog.open) ?? null;

/** Moves the focus out of an element that is about to go, so that keys still have a place. */
export function leave(element) {
  if (element.contains(document.activeElement)) refocus();
}

/** Gives the focus to what people look at: the dialog above all others, or the sheet's active photo. */
export function refocus() {
  const dialog = topDialog();
  const place = dialog
    ? (dialog.querySelector("[autofocus], .tile.at") ?? dialog.querySelector("[data-close]"))
    : (document.querySelector("#cells:not([hidden]) [tabindex='0']") ?? byId("order"));
  place.focus({ preventScroll: true });
}
