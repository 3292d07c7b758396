// The list of schedules: asked for again while it is looked at; ticks that survive; a box that ticks all.

import { countDown } from "./lib/countdown.js";
import { byId } from "./lib/dom.js";
import { follow } from "./lib/follow.js";
import { counted } from "./lib/units.js";

const EVERY_MS = 2_000;

const list = byId("schedules");
const tickAll = /** @type {HTMLInputElement | null} */ (document.getElementById("tick-all"));
const count = countDown(list);

follow(list, { everyMs: EVERY_MS, onSwap: () => (count(), say()) });
list.addEventListener("change", say);
tickAll?.addEventListener("change", () => {
  for (const box of boxes()) box.checked = tickAll.checked;
  say();
});

/** Says how many are ticked. */
function say() {
  const all = boxes();
  const ticked = all.filter((box) => box.checked).length;
  byId("ticked").textContent = ticked ? `${counted(ticked, "schedule")} ticked` : "all";
  if (!tickAll) return;
  tickAll.checked = ticked > 0 && ticked === all.length;
  tickAll.indeterminate = ticked > 0 && ticked < all.length;
}

/** @returns {HTMLInputElement[]} */
function boxes() {
  return [...list.querySelectorAll("input")].filter((box) => box.name === "id");
}
