// A page with one changing part, `#panel`: fetched again every `data-every` seconds while it is looked at.
// Somebody who is about to press a button in it, or reads an open fold's question, is not disturbed.

import { byId } from "./lib/dom.js";
import { LiveNote } from "./lib/live_note.js";
import { Refresher } from "./lib/refresher.js";

const panel = byId("panel");
const every = Number(panel.dataset.every ?? 5) * 1000;
const note = new LiveNote();
let timer = 0;

const refresher = new Refresher(panel, { url: panel.dataset.url ?? "", onSwap: () => note.stamp() });

function isAsked() {
  return panel.querySelector("details.confirm[open]") !== null;
}

function tick() {
  if (!document.hidden && !isAsked()) refresher.ask();
}

function go() {
  clearInterval(timer);
  timer = setInterval(tick, every);
  note.show("polling");
}

document.addEventListener("click", ({ target }) => {
  const button = /** @type {Element} */ (target).closest("button");
  if (button?.id === "live-pause") {
    clearInterval(timer);
    note.show("paused");
  }
  if (button?.id === "live-resume") (go(), tick());
});
document.addEventListener("visibilitychange", () => {
  if (timer && !document.hidden) tick();
});
go();
