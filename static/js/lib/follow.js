// Keeps a part of the page true by asking for it again and again, while it is looked at and not paused.

import { untilNext } from "./asking.js";
import { LiveNote } from "./live_note.js";
import { Refresher } from "./refresher.js";

/**
 * Follows `target`, whose `data-url` answers it anew; the page's live note says when it last was.
 *
 * @param {HTMLElement} target
 * @param {{everyMs: number, onSwap?: () => void, onGone?: () => void}} options
 */
export function follow(target, { everyMs, onSwap = () => {}, onGone = () => location.reload() }) {
  const note = new LiveNote();
  let isPaused = false;
  const refresher = new Refresher(target, {
    url: target.dataset.url ?? "",
    onSwap: () => (say("polling"), note.stamp(), onSwap()),
    onGone,
    onFail: () => say("offline"),
  });
  const say = (/** @type {import("./live.js").State} */ state) => note.show(isPaused ? "paused" : state);
  const pause = (/** @type {boolean} */ wanted) => {
    isPaused = wanted;
    say("polling");
  };
  document.getElementById("live-pause")?.addEventListener("click", () => pause(true));
  document.getElementById("live-resume")?.addEventListener("click", () => pause(false));
  const repeat = async () => {
    for (;;) {
      await untilNext(refresher.answer, everyMs);
      if (!document.hidden && !isPaused) refresher.ask();
    }
  };
  void repeat();
  pause(false);
}
