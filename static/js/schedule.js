// The page of one schedule: its history and its next run, kept true while it is looked at.

import { countDown } from "./lib/countdown.js";
import { Refresher } from "./lib/refresher.js";

const EVERY_MS = 1_000;

const panel = document.getElementById("panel");
if (panel) {
  const count = countDown(panel);
  const refresher = new Refresher(panel, {
    url: panel.dataset.url ?? "",
    onSwap: count,
    onGone: () => location.reload(),
  });
  setInterval(() => {
    if (!document.hidden) refresher.ask();
  }, EVERY_MS);
}
