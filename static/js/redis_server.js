// The page about the server: its charts are drawn anew while one looks.

import { letGo } from "./lib/pointer.js";
import { swapAll } from "./lib/swap.js";
import { followServer, submitsOnChange } from "./redis/head.js";

const EVERY_MS = 2_000;
const charts = document.getElementById("charts-state")?.dataset.url;

submitsOnChange();
if (charts) followServer({ everyMs: EVERY_MS, onSwap: () => void redraw(charts) });
else followServer();

/** @param {string} url */
async function redraw(url) {
  const answer = await fetch(url, { cache: "no-store" }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const html = await answer.text();
  await letGo();
  swapAll(html);
}
