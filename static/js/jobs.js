// The list of jobs: rows whose job is not over are asked for again while the page is looked at.

import { announce } from "./lib/announce.js";
import { untilNext } from "./lib/asking.js";
import { letGo } from "./lib/pointer.js";
import { swap } from "./lib/swap.js";

const EVERY_MS = 2_000;
const MOST_AT_ONCE = 10;

/** @type {Response | null} the answer that came last */
let last = null;

async function repeat() {
  for (;;) {
    await untilNext(last, EVERY_MS);
    if (!document.hidden) await refresh();
  }
}

async function refresh() {
  /** @type {NodeListOf<HTMLElement>} */
  const rows = document.querySelectorAll("tr[data-live]");
  await Promise.all([...rows].slice(-MOST_AT_ONCE).map(ask)); // the oldest end first
}

/** @param {HTMLElement} row */
async function ask(row) {
  try {
    const answer = (last = await fetch(/** @type {string} */ (row.dataset.live)));
    const html = await answer.text();
    await letGo();
    if (answer.ok) swap(row, html);
    if (answer.status === 404 || answer.status === 410) row.remove();
    if (answer.ok && !row.dataset.live) announce(`${row.querySelector(".job-name")?.textContent}: finished`);
  } catch {
    // the connection is away: asked again in a moment
  }
}

void repeat();
