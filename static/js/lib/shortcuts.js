// Keys that work on every page: "/" searches, "g" and a letter goes somewhere, "?" lists them.

import { copyOf } from "./dom.js";

const SOON_MS = 1500;
const FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

/** Begins to listen; nothing that is typed into a field is taken for a shortcut. */
export function listenForShortcuts() {
  let goneAt = -SOON_MS;
  document.addEventListener("keydown", (event) => {
    const { key, timeStamp, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (target instanceof Element && target.matches(FIELDS)) return;
    const isPlace = timeStamp - goneAt < SOON_MS;
    goneAt = key === "g" ? timeStamp : -SOON_MS;
    if (isPlace ? go(key) : show(key)) event.preventDefault();
  });
}

/** Follows the link in the menu that has this letter. @param {string} letter */
function go(letter) {
  const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll("a[data-letter]"));
  const link = [...links].find(({ dataset }) => dataset.letter === letter);
  link?.click();
  return Boolean(link);
}

/** Goes to the search field or opens the list of keys. @param {string} key */
function show(key) {
  const search = document.querySelector("main input[type=search]");
  if (key === "?" && !document.querySelector("dialog[open]")) listOfKeys().showModal();
  else if (key === "/" && search instanceof HTMLInputElement) search.select();
  else return false;
  return true;
}

/** Returns a new list of keys, which goes when it is closed. */
function listOfKeys() {
  const list = /** @type {HTMLDialogElement} */ (copyOf("shortcuts"));
  document.body.append(list);
  list.querySelector("button")?.addEventListener("click", () => list.close());
  list.addEventListener("close", () => list.remove());
  return list;
}
