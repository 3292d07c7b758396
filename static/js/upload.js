// The upload page: choose by dialog, drop or paste, look before sending, then send with progress.

import { byId, copyOf } from "./lib/dom.js";
import { takeDrops } from "./lib/drop.js";
import { FileList } from "./lib/file_list.js";
import { Sender, Stopped } from "./lib/sender.js";
import { counted } from "./lib/units.js";

const RECIPE_CODES = ["bad-recipe", "bad-size", "too-many-sizes", "no-size", "bad-choice", "bad-quality", "bad-colour"];

const form = byId("upload", HTMLFormElement);
const input = byId("image", HTMLInputElement);
const list = new FileList({
  maxBytes: Number(form.dataset.maxBytes),
  maxFiles: Number(form.dataset.maxFiles),
  onError: (words) => sayError("image", words),
});
const sender = new Sender(form.dataset.api ?? "", {
  token: /** @type {HTMLInputElement} */ (form.elements.namedItem("csrf_token")).value,
  onProgress: showProgress,
});

byId("stop").addEventListener("click", () => sender.stop());
input.addEventListener("change", () => {
  list.add([...(input.files ?? [])]);
  input.value = ""; // the same file can be chosen again after it was removed
});
takeDrops((files) => list.add(files));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void submit();
});
window.addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload(); // come back to an empty form, not to files already sent
});
list.add([...(input.files ?? [])]); // chosen before this ran

async function submit() {
  const rows = list.waiting;
  sayError("sizes", "");
  sayError("image", rows.length ? "" : "No picture was chosen. Choose at least one file.");
  if (!rows.length) return input.focus();
  setBusy(true);
  if (!list.rows.some(({ state }) => state === "sent")) sender.forget();
  try {
    await sender.sendAll(rows, recipeFields(), { isBatch: list.rows.length > 1 });
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    explain(error, rows);
  } finally {
    setBusy(false);
  }
  leaveOrStay();
}

/** Goes to the thumbnails when every file was taken, else says how many were. */
function leaveOrStay() {
  const sent = list.rows.filter(({ state }) => state === "sent").length;
  if (!sent) return;
  const pattern = sender.batch ? form.dataset.batch : form.dataset.job;
  const address = (pattern ?? "").replace("ID", sender.batch || sender.job);
  if (sent === list.rows.length) return location.assign(address);
  byId("taken-words").textContent = `${sent} of ${counted(list.rows.length, "picture")} were taken.`;
  byId("taken-link", HTMLAnchorElement).href = address;
  byId("taken").hidden = false;
}

/** @param {Stopped} error @param {import("./lib/file_row.js").FileRow[]} rows */
function explain(error, rows) {
  for (const row of rows) if (row.state === "chosen") row.reset();
  sayError(RECIPE_CODES.includes(error.code) ? "sizes" : "image", error.message);
  if (RECIPE_CODES.includes(error.code)) byId("sizes").focus();
}

/** @returns {[string, string][]} */
function recipeFields() {
  const pairs = [...new FormData(form)].filter(([name]) => name !== "image" && name !== "csrf_token");
  return pairs.map(([name, value]) => [name, String(value)]);
}

/** @param {"image" | "sizes"} field @param {string} words */
function sayError(field, words) {
  const place = byId(`${field}-errors`);
  place.replaceChildren();
  byId(field).classList.toggle("is-invalid", Boolean(words));
  if (!words) return;
  const error = copyOf("row-error");
  /** @type {HTMLElement} */ (error.querySelector("span")).textContent = words;
  place.append(error);
}

/** @param {boolean} busy */
function setBusy(busy) {
  byId("submit").hidden = busy;
  byId("sending").hidden = !busy;
  byId("taken").hidden = true;
  byId("clear", HTMLButtonElement).disabled = input.disabled = busy;
  if (busy) showProgress();
}

function showProgress() {
  const rows = list.rows.filter(({ state }) => state !== "refused");
  const total = rows.reduce((sum, { file }) => sum + file.size, 0);
  const sent = rows.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
  const percent = total ? Math.floor((100 * sent) / total) : 0;
  const taken = rows.filter(({ state }) => state === "sent").length;
  byId("sent", HTMLProgressElement).value = percent;
  byId("sent-words").textContent = `${percent} % sent, ${taken} of ${counted(rows.length, "picture")}`;
}
