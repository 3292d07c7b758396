// The head of the explorer's pages: which server and database, and how the server is.

import { byId } from "../lib/dom.js";
import { swapAll } from "../lib/swap.js";

const STATUS_MS = 5_000;

/** Opens what is chosen in a list at once. */
export function submitsOnChange() {
  for (const select of document.querySelectorAll("select[data-submits]")) {
    select.addEventListener("change", () => /** @type {HTMLSelectElement} */ (select).form?.requestSubmit());
  }
}

/** Keeps the words about the server true while the page can be seen. */
export async function followServer() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, STATUS_MS));
    const { url } = byId("connection").dataset;
    if (document.hidden || !url) continue;
    const answer = await fetch(url, { cache: "no-store" }).catch(() => null);
    if (answer?.ok && !answer.redirected) swapAll(await answer.text());
  }
}
