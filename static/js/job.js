// The job page and the batch page: follow the work and swap the part that changes.

import { announce } from "./lib/announce.js";
import { byId } from "./lib/dom.js";
import { LiveNote } from "./lib/live_note.js";
import { connect } from "./lib/live.js";
import { Refresher } from "./lib/refresher.js";

const panel = byId("panel");
const { events = "", poll = "", url = "" } = panel.dataset;

if (panel.dataset.final !== "true") follow();

function follow() {
  const note = new LiveNote();
  let words = panel.dataset.words;
  const refresher = new Refresher(panel, {
    url,
    onGone: () => location.reload(),
    onSwap: () => {
      if (panel.dataset.words !== words) announce((words = panel.dataset.words) ?? "");
      if (panel.dataset.final === "true") live.close();
    },
  });
  const live = connect(events, {
    poll,
    onEvent: () => (note.stamp(), refresher.ask()),
    onState: (state) => (state === "gone" ? location.reload() : note.show(state)),
  });
  panel.addEventListener("click", ({ target }) => {
    const button = /** @type {Element} */ (target).closest("button");
    if (button?.id === "live-pause") live.pause();
    if (button?.id === "live-resume") live.resume();
  });
}
