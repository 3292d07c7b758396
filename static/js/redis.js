// The Redis explorer: keys at the left, the open one at the right, the server's state above.

import "./elements/stream_tail.js";
import { byId } from "./lib/dom.js";
import { swapAll } from "./lib/swap.js";
import { KeysPane } from "./redis/keys_pane.js";
import { splitWith } from "./redis/splitter.js";
import { ValuePane } from "./redis/value_pane.js";

const STATUS_MS = 5_000;

const values = new ValuePane({ onShow: (id) => keys.list.mark(id) });
const keys = new KeysPane({ onOpen: (id) => void values.open(id), onDelete: (id) => void askToDelete(id) });

keys.list.openId = byId("keys").dataset.key ?? "";
splitWith(byId("splitter"));
void keys.start();
void follow();
document.addEventListener("keydown", press);
for (const select of document.querySelectorAll("select[data-submits]")) {
  select.addEventListener("change", () => /** @type {HTMLSelectElement} */ (select).form?.requestSubmit());
}

/** @param {KeyboardEvent} event */
function press(event) {
  const isTyping = /** @type {HTMLElement} */ (event.target).matches("input, textarea, select, [contenteditable]");
  if (event.key === "F5" && !event.ctrlKey && !event.shiftKey) {
    event.preventDefault();
    void keys.start();
    void values.reload();
  } else if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    byId("match", HTMLInputElement).select();
  } else if (event.key === "Escape" && event.target === byId("match")) {
    byId("key-list").focus();
  }
}

/** Opens the key with its question whether to delete it. @param {string} id */
async function askToDelete(id) {
  await values.open(id);
  const question = byId("pane").querySelector("details[data-delete]");
  if (!(question instanceof HTMLDetailsElement)) return;
  question.open = true;
  question.querySelector("button")?.focus();
}

/** Keeps the words about the server true while the page can be seen. */
async function follow() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, STATUS_MS));
    const { url } = byId("connection").dataset;
    if (document.hidden || !url) continue;
    const answer = await fetch(url, { cache: "no-store" }).catch(() => null);
    if (answer?.ok && !answer.redirected) swapAll(await answer.text());
  }
}
