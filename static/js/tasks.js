// The list of tasks: new ones arrive on top and states change by themselves, but nothing moves under the
// eyes of somebody who reads: then the rows there are kept true, and the new ones counted on a button.

import { LiveNote } from "./lib/live_note.js";
import { connect } from "./lib/live.js";
import { letGo } from "./lib/pointer.js";
import { fragment, swap } from "./lib/swap.js";

const GAP_MS = 300;
const list = /** @type {HTMLElement} */ (document.getElementById("task-list"));
const { url = "", events = "", poll = "" } = list.dataset;
const note = new LiveNote();
let isBusy = false;
let isStale = false;

if (list.dataset.live === "true") follow();

function follow() {
  const live = connect(events, {
    poll,
    topics: ["task"],
    onEvent: () => void refresh(),
    onState: (state) => note.show(state),
  });
  list.addEventListener("click", ({ target }) => {
    const button = /** @type {Element} */ (target).closest("button");
    if (button?.id === "live-pause") live.pause();
    if (button?.id === "live-resume") (live.resume(), void refresh());
    if (button?.id === "live-new") (scrollTo({ top: 0 }), void refresh({ all: true }));
  });
}

/** Fetches the list again, one request at a time; asked meanwhile, once more after it. */
async function refresh({ all = false } = {}) {
  isStale = true;
  if (isBusy) return;
  isBusy = true;
  while (isStale) {
    isStale = false;
    await fetchList(all);
    await new Promise((resolve) => setTimeout(resolve, GAP_MS));
  }
  isBusy = false;
}

/** @param {boolean} all whether to show new rows even to somebody who reads */
async function fetchList(all) {
  try {
    const answer = await fetch(url);
    if (!answer.ok) return;
    const html = await answer.text();
    await letGo();
    show(html, all);
    note.stamp();
  } catch {
    // the connection is away: the next event or poll asks again
  }
}

/** @param {string} html @param {boolean} all */
function show(html, all) {
  const fresh = fragment(html).querySelectorAll("tbody > tr[id]");
  const added = [...fresh].filter(({ id }) => !document.getElementById(id)).length;
  if (!all && added && isReading()) {
    for (const row of [...fresh, ...fragment(html).querySelectorAll("#task-chips")]) {
      const old = document.getElementById(row.id);
      if (old) swap(old, row.outerHTML);
    }
    return offer(added);
  }
  swap(list, html);
  offer(0);
}

/** Whether somebody is at the rows, so that they must not move. */
function isReading() {
  const rows = document.getElementById("task-rows");
  if (!rows) return false;
  return rows.getBoundingClientRect().top < 0 || rows.matches(":hover") || rows.contains(document.activeElement);
}

/** @param {number} added how many rows wait to be shown */
function offer(added) {
  const button = document.getElementById("live-new");
  if (!button) return;
  button.hidden = added === 0;
  button.textContent = `show ${added} new`;
}
