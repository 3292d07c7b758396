// The page about the server: its charts are drawn anew while one looks.

import { swapAll } from "./lib/swap.js";
import { followServer, submitsOnChange } from "./redis/head.js";

const EVERY_MS = 2_000;

submitsOnChange();
void followServer();
void redraw();

async function redraw() {
  const url = document.getElementById("charts-state")?.dataset.url;
  while (url) {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    if (document.hidden) continue;
    const answer = await fetch(url, { cache: "no-store" }).catch(() => null);
    if (answer?.ok && !answer.redirected) swapAll(await answer.text());
  }
}
