// The Redis explorer: keys at the left, the open one at the right, the server's state above.

import "./elements/stream_tail.js";
import { byId } from "./lib/dom.js";
import { Console } from "./redis/console.js";
import { followServer, submitsOnChange } from "./redis/head.js";
import { KeysPane } from "./redis/keys_pane.js";
import { splitWith } from "./redis/splitter.js";
import { ValuePane } from "./redis/value_pane.js";

const DOCK = "thumbapp.redis.dock";

const values = new ValuePane({ onShow: (id) => keys.list.mark(id), onKeys: () => void keys.start() });
const keys = new KeysPane({ onOpen: (id) => void values.open(id), onDelete: (id) => void askToDelete(id) });

keys.list.openId = byId("keys").dataset.key ?? "";
splitWith(byId("splitter"));
void keys.start();
followServer();
submitsOnChange();
dockConsole();
document.addEventListener("keydown", press);

/** @param {KeyboardEvent} event */
function press(event) {
  if (event.key === "F5" && !event.ctrlKey && !event.shiftKey) {
    event.preventDefault();
    void keys.start();
    void values.reload();
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

/** The console below, where one has one; it stays open or shut as one left it. */
function dockConsole() {
  const dock = document.getElementById("dock");
  if (!(dock instanceof HTMLDetailsElement)) return;
  dock.open = localStorage.getItem(DOCK) === "open";
  dock.addEventListener("toggle", () => localStorage.setItem(DOCK, dock.open ? "open" : ""));
  const console = new Console(byId("console"), { onDone: () => void values.reload(), onWait: goThere });
  if (dock.open) console.transcript.scrollTop = console.transcript.scrollHeight;
}

/** What waits needs the console's own page. @param {string} line */
function goThere(line) {
  const place = document.querySelector('.explorer-sections a[href*="/redis/console"]');
  if (place instanceof HTMLAnchorElement) location.href = `${place.href}#${encodeURIComponent(line)}`;
}
