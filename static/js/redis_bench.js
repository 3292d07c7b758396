// The benchmark's page: results are shown while they come, and it can be stopped.

import { byId } from "./lib/dom.js";
import { linesOf } from "./lib/lines.js";
import { fragment } from "./lib/swap.js";
import { followServer, submitsOnChange } from "./redis/head.js";
import { reasonOf, showError } from "./redis/refusal.js";

submitsOnChange();
followServer();

const form = byId("bench-form", HTMLFormElement);
/** @type {AbortController | null} */
let running = null;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void measure();
});
byId("bench-stop").addEventListener("click", () => running?.abort());

async function measure() {
  if (running) return;
  running = new AbortController();
  set(true);
  fail("");
  try {
    const url = form.dataset.run ?? "";
    const answer = await fetch(url, { method: "POST", body: new FormData(form), signal: running.signal });
    if (!answer.ok || answer.redirected || !answer.body) fail(await reasonOf(answer));
    else await read(answer.body);
  } catch {
    if (!running.signal.aborted) fail("The connection was lost.");
  }
  running = null;
  set(false);
}

/** @param {NonNullable<Response["body"]>} body */
async function read(body) {
  for await (const lines of linesOf(body)) {
    const last = lines.at(-1);
    if (!last) continue;
    const told = JSON.parse(last);
    if (told.error) fail(told.error);
    else byId("bench-result").replaceWith(fragment(told.html));
  }
}

/** @param {boolean} isRunning */
function set(isRunning) {
  byId("bench-start").hidden = isRunning;
  byId("bench-stop").hidden = !isRunning;
}

/** @param {string} words */
function fail(words) {
  showError(byId("bench-error"), words);
}
