// Lets every `<time data-until>` count down to its moment, by the server's clock.

import { span } from "./units.js";

const EVERY_MS = 500;

/**
 * Starts counting; the element's `data-now` is the server's time when it was made.
 *
 * @param {HTMLElement} source
 * @returns {() => void} writes all of them now: call it when the page was changed
 */
export function countDown(source) {
  let now = "";
  let ahead = 0;
  const write = () => {
    if (source.dataset.now !== now) {
      now = source.dataset.now ?? "";
      ahead = Date.parse(now) - Date.now();
    }
    rewrite(Date.now() + ahead);
  };
  setInterval(write, EVERY_MS);
  write();
  return write;
}

/** @param {number} now */
function rewrite(now) {
  /** @type {NodeListOf<HTMLTimeElement>} */
  const times = document.querySelectorAll("time[data-until]");
  for (const time of times) {
    const seconds = (Date.parse(time.dateTime) - now) / 1000;
    const words = seconds > 0.5 ? `in ${span(seconds)}` : "now";
    if (time.textContent !== words) time.textContent = words;
  }
}
