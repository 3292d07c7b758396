// Keeps "2 min ago" true while the page is open.

import { ago } from "./units.js";

const EVERY_MS = 15_000;

/** Rewrites every `<time data-ago>` now and then. */
export function keepTimesTrue() {
  setInterval(rewrite, EVERY_MS);
}

function rewrite() {
  /** @type {NodeListOf<HTMLTimeElement>} */
  const times = document.querySelectorAll("time[data-ago]");
  for (const time of times) {
    const words = ago(Math.max(0, (Date.now() - Date.parse(time.dateTime)) / 1000));
    if (time.textContent !== words) time.textContent = words;
  }
}
