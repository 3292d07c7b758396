// The import of keys: says how far it is, and can be stopped; what is whole by then stays.

import { byId } from "./lib/dom.js";
import { linesOf } from "./lib/lines.js";
import { reasonOf, showError } from "./redis/refusal.js";

/** @typedef {{says: string, bytes: number, size: number, done?: true, error?: string}} Told */

const form = byId("import-form", HTMLFormElement);
const bar = byId("import-bar", HTMLProgressElement);
const places = { says: byId("import-says"), error: byId("import-error"), stop: byId("import-stop"), again: byId("import-again") };
let stop = new AbortController();

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void run();
});
places.stop.addEventListener("click", () => stop.abort());
places.again.addEventListener("click", () => {
  show(false);
  byId("file").focus();
});

async function run() {
  stop = new AbortController();
  show(true);
  places.says.textContent = "Sending the file.";
  try {
    const why = await take(stop.signal);
    if (why) showError(places.error, why);
  } catch {
    const went = stop.signal.aborted ? "Stopped." : "The connection broke off.";
    showError(places.error, `${went} Keys that were whole by then are in, no key is there by half.`);
  }
  places.stop.hidden = true;
  places.again.hidden = false;
  places.again.focus();
}

/** Sends the form and shows what comes; returns why it was not done, "" when it was. @param {AbortSignal} signal */
async function take(signal) {
  const headers = { Accept: "application/x-ndjson" };
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers, signal });
  if (!answer.ok || answer.redirected || !answer.body) return reasonOf(answer);
  /** @type {Told | null} */ let told = null;
  for await (const lines of linesOf(answer.body)) {
    const last = lines.at(-1);
    if (last) say((told = /** @type {Told} */ (JSON.parse(last))));
  }
  if (!told?.done && !told?.error) throw new Error("it ended early");
  return told.error ?? "";
}

/** @param {Told} told */
function say({ says, bytes, size }) {
  places.says.textContent = says;
  [bar.max, bar.value] = [Math.max(1, size), bytes];
}

/** @param {boolean} isRunning */
function show(isRunning) {
  form.hidden = isRunning;
  byId("import-run").hidden = !isRunning;
  places.stop.hidden = false;
  places.again.hidden = true;
  bar.value = 0;
  showError(places.error, "");
}
