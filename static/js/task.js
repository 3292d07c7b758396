// The page of a task: follow it through all its states, also after it was tried again, without a reload.

import { announce } from "./lib/announce.js";
import { byId } from "./lib/dom.js";
import { LiveNote } from "./lib/live_note.js";
import { connect } from "./lib/live.js";
import { Refresher } from "./lib/refresher.js";

const panel = byId("panel");
const { events = "", poll = "", url = "" } = panel.dataset;
const note = new LiveNote();
let words = panel.dataset.words;

const refresher = new Refresher(panel, {
  url,
  onGone: () => location.reload(),
  onSwap: () => {
    if (panel.dataset.words !== words) announce((words = panel.dataset.words) ?? "");
  },
});
const live = connect(events, {
  poll,
  topics: ["task"],
  onEvent: () => (note.stamp(), refresher.ask()),
  onState: (state) => (state === "gone" ? location.reload() : note.show(state)),
});

panel.addEventListener("click", ({ target }) => {
  const button = /** @type {Element} */ (target).closest("button");
  if (button?.id === "live-pause") live.pause();
  if (button?.id === "live-resume") (live.resume(), refresher.ask());
});

panel.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (!("quiet" in form.dataset)) return;
  event.preventDefault();
  void send(form);
});

/**
 * Sends a form of one button; goes on to where the answer leads when that is another task.
 *
 * @param {HTMLFormElement} form
 */
async function send(form) {
  const button = form.querySelector("button");
  if (button) button.disabled = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
    if (!answer.ok) return form.submit(); // shows the error page
    if (new URL(answer.url).pathname !== location.pathname) return location.assign(answer.url);
  } catch {
    // the connection is away: nothing was done, the button stays
  }
  if (button) button.disabled = false;
  refresher.ask();
}
