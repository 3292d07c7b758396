// The head of the explorer's pages: which server and database, and how the server is.

import { byId } from "../lib/dom.js";
import { follow } from "../lib/follow.js";

const STATUS_MS = 5_000;

/** Opens what is chosen in a list at once. */
export function submitsOnChange() {
  for (const select of document.querySelectorAll("select[data-submits]")) {
    select.addEventListener("change", () => /** @type {HTMLSelectElement} */ (select).form?.requestSubmit());
  }
}

/**
 * Keeps the words about the server true while the page can be seen and is not paused.
 *
 * @param {{everyMs?: number, onSwap?: () => void}} [options]
 */
export function followServer({ everyMs = STATUS_MS, onSwap } = {}) {
  follow(byId("connection"), { everyMs, onSwap, onGone: () => {} });
}
