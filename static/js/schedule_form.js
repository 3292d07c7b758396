// The form of a schedule: the sentence and the next runs follow what is typed, the arguments the task.

import { byId } from "./lib/dom.js";
import { swap } from "./lib/swap.js";

const PAUSE_MS = 200;

const form = byId("schedule", HTMLFormElement);
let timer = 0;
/** @type {Record<string, number>} how often each part was asked for */
const asked = { preview: 0, arguments: 0 };

form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(preview, PAUSE_MS);
});
byId("task").addEventListener("change", () => void show("arguments", form.dataset.arguments ?? ""));
form.addEventListener("click", ({ target }) => {
  const button = /** @type {Element} */ (target).closest("button");
  if (!button?.dataset.cron) return;
  byId("cron", HTMLInputElement).value = button.dataset.cron;
  preview();
});

function preview() {
  void show("preview", form.dataset.preview ?? "");
}

/**
 * Puts what the address makes of the form in place of the element with that id; a late answer is dropped.
 *
 * @param {string} id
 * @param {string} url
 */
async function show(id, url) {
  const mine = (asked[id] += 1);
  try {
    const answer = await fetch(`${url}?${asQuery()}`);
    if (answer.ok && mine === asked[id]) swap(byId(id), await answer.text());
  } catch {
    // the connection is away: the next key asks again
  }
}

function asQuery() {
  const query = new URLSearchParams({ of: form.dataset.of ?? "" });
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && name !== "csrf_token") query.append(name, value);
  }
  return query.toString();
}
