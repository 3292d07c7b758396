// Work on many keys: once it is confirmed, goes on step by step, says how far it is, and can be stopped.

import { byId } from "./lib/dom.js";
import { reasonOf } from "./redis/refusal.js";

/** @typedef {{changed: number, passed_over: number, scanned: number, total: number, cursor: string | null, confirm: string}} Step */

const form = document.getElementById("bulk-form");
let isStopped = false;

if (form instanceof HTMLFormElement) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void run(form);
  });
  byId("bulk-stop").addEventListener("click", () => {
    isStopped = true;
  });
}

/** @param {HTMLFormElement} asked */
async function run(asked) {
  const data = new FormData(asked);
  asked.hidden = true;
  byId("bulk-run").hidden = false;
  for (;;) {
    const step = await next(asked.action, data);
    if (!step) return;
    say(step);
    if (step.cursor === null || isStopped) return end(step);
    data.set("cursor", step.cursor);
    data.set("confirm", step.confirm);
    data.set("changed", String(step.changed));
    data.set("passed_over", String(step.passed_over));
  }
}

/**
 * Returns what a step came to; null when it could not be done, which is said.
 *
 * @param {string} url
 * @param {FormData} data
 * @returns {Promise<Step | null>}
 */
async function next(url, data) {
  const answer = await fetch(url, { method: "POST", body: data, headers: { Accept: "application/json" } }).catch(() => null);
  if (answer?.ok && !answer.redirected) return answer.json();
  const why = answer ? await reasonOf(answer) : "The site does not answer.";
  byId("bulk-says").textContent = `${byId("bulk-says").textContent} ${why} What was done so far stays done.`;
  finish();
  return null;
}

/** @param {Step} step */
function say(step) {
  const bar = byId("bulk-bar", HTMLProgressElement);
  bar.max = Math.max(1, step.total);
  bar.value = step.scanned;
  const count = (/** @type {number} */ number) => number.toLocaleString("en");
  byId("bulk-says").textContent =
    `${count(step.changed)} changed, about ${count(step.scanned)} of ${count(step.total)} gone through.`;
}

/** @param {Step} step */
function end(step) {
  const bar = byId("bulk-bar", HTMLProgressElement);
  if (step.cursor === null) bar.value = bar.max;
  const passed = step.passed_over ? ` ${step.passed_over.toLocaleString("en")} were passed over.` : "";
  const words = step.cursor === null ? "Done: " : "Stopped: ";
  byId("bulk-says").textContent = `${words}${step.changed.toLocaleString("en")} keys changed.${passed}`;
  finish();
}

function finish() {
  byId("bulk-stop").hidden = true;
  byId("bulk-back").hidden = false;
  byId("bulk-back").focus();
}
