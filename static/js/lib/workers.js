// Keeps the worker light and the banner true: often while something is wrong, seldom while all is well.

import { letGo } from "./pointer.js";
import { swapAll } from "./swap.js";

const WRONG_MS = 5_000;
const WELL_MS = 30_000;

/** Asks again and again, only while the page is looked at. */
export function watchWorkers() {
  const banner = document.getElementById("worker-banner");
  if (!banner?.dataset.url) return;
  setTimeout(() => void look(/** @type {string} */ (banner.dataset.url)), pause(banner));
}

/** @param {string} url */
async function look(url) {
  if (!document.hidden) await refresh(url);
  watchWorkers();
}

/** @param {string} url */
async function refresh(url) {
  try {
    const answer = await fetch(url);
    const html = await answer.text();
    await letGo();
    if (answer.ok) swapAll(html);
  } catch {
    // the server is away: what the page says stays until it is back
  }
}

/** @param {Element} banner */
function pause(banner) {
  return banner.childElementCount ? WRONG_MS : WELL_MS;
}
