// The benchmark's page: results are shown while they come, and it can be stopped.

import { byId } from "./lib/dom.js";
import { fragment } from "./lib/swap.js";
import { followServer, submitsOnChange } from "./redis/head.js";

submitsOnChange();
void followServer();

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
    if (!answer.ok || answer.redirected || !answer.body) fail(await said(answer));
    else await read(answer.body.getReader());
  } catch {
    if (!running.signal.aborted) fail("The connection was lost.");
  }
  running = null;
  set(false);
}

/** @param {ReadableStreamDefaultReader<Uint8Array>} reader */
async function read(reader) {
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    const last = lines.filter(Boolean).at(-1);
    if (last) byId("bench-result").replaceWith(fragment(JSON.parse(last).html));
  }
}

/** @param {boolean} isRunning */
function set(isRunning) {
  byId("bench-start").hidden = isRunning;
  byId("bench-stop").hidden = !isRunning;
}

/** @param {string} words */
function fail(words) {
  const place = byId("bench-error");
  place.hidden = !words;
  const text = place.querySelector(".error-words");
  if (text) text.textContent = words;
}

/** Returns why it was refused. @param {Response} answer */
async function said(answer) {
  if (answer.redirected) return "You are signed out.";
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector("main p")?.textContent?.trim() || `The site answered ${answer.status}.`;
}
