// The left side: streams keys into the list, says how far it is, stops, goes on, sorts, looks again.

import { byId } from "../lib/dom.js";
import { letGo } from "../lib/pointer.js";
import { KeyList } from "./key_list.js";
import { KeyStore } from "./key_store.js";
import { KeyTree } from "./key_tree.js";
import { bytesOf, typedBytes } from "./names.js";
import { Scanner } from "./scanner.js";

const FIRST = 2_000;
const MORE = 20_000;
const FOUND = 5_000; // a search goes on by itself until it has so many

export class KeysPane {
  /** @type {Scanner | null} */
  scanner = null;

  /** @param {{onOpen: (id: string) => void, onDelete: (id: string) => void}} options */
  constructor({ onOpen, onDelete }) {
    this.box = byId("keys");
    const { view, delimiter = "", sort = "", path = "", page = "" } = this.box.dataset;
    this.store = new KeyStore();
    this.tree = new KeyTree(view === "tree" ? typedBytes(delimiter) : "");
    this.tree.order = sort;
    if (path) this.tree.reveal(bytesOf(path));
    /** @param {string} name @param {string} id */
    const at = (name, id) => `${page}&${name}=${id}`;
    const hrefs = { hrefOf: (/** @type {string} */ id) => at("key", id), folderHref: (/** @type {string} */ id) => at("path", id) };
    this.list = new KeyList(byId("key-list"), { tree: this.tree, ...hrefs, onOpen, onDelete });
    byId("scan-more").addEventListener("click", (event) => (event.preventDefault(), void this.#read(MORE)));
    byId("scan-stop").addEventListener("click", () => this.scanner?.stop());
    byId("key-heads").addEventListener("click", (event) => this.#sort(event));
  }

  /** Looks at all keys anew, from where the address says. */
  async start() {
    this.scanner?.stop();
    this.store = new KeyStore();
    this.tree.empty();
    const { scan = "", cursor = "" } = this.box.dataset;
    this.scanner = new Scanner(scan, { cursor, onPortion: (portion) => this.#take(portion) });
    await this.#read(/[?&](match|type|path)=/.test(scan) ? FOUND : FIRST);
  }

  /** Takes a key out of the list that is there no more. @param {string} id */
  forget(id) {
    this.store.remove(id);
    this.tree.empty();
    this.tree.add(this.store.keys);
    this.list.draw();
  }

  /** @param {number} wanted */
  async #read(wanted) {
    const { scanner } = this;
    if (!scanner) return;
    this.#say({ isBusy: true, error: "" });
    const error = await scanner.read(wanted);
    if (scanner !== this.scanner) return;
    this.#say({ isBusy: false, error });
  }

  /** @param {import("./scanner.js").Portion} portion */
  #take({ rows, scanned = 0, total = 0 }) {
    this.tree.add(this.store.add(rows));
    const found = this.store.keys.length;
    const rest = found === scanned ? "" : `, ${found.toLocaleString("en")} found`;
    byId("key-count").textContent = `scanned ${scanned.toLocaleString("en")} of ${total.toLocaleString("en")}${rest}`;
    const bar = byId("scan-bar", HTMLProgressElement);
    [bar.max, bar.value] = [Math.max(1, total), scanned];
    this.#drawSoon();
  }

  #isDrawing = false;

  /** Draws at most once a frame, less often the more there is. */
  #drawSoon() {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    setTimeout(
      async () => {
        await letGo();
        this.#isDrawing = false;
        if (this.store.keys.length) this.list.draw();
      },
      Math.min(500, this.store.keys.length / 100),
    );
  }

  /** @param {{isBusy: boolean, error: string}} state */
  #say({ isBusy, error }) {
    const more = byId("scan-more", HTMLAnchorElement);
    const cursor = this.scanner?.cursor;
    byId("scan-stop").hidden = byId("scan-bar").hidden = !isBusy;
    more.hidden = isBusy || cursor === null;
    more.href = `${this.box.dataset.page}&cursor=${encodeURIComponent(cursor ?? "")}`;
    const isEmpty = !isBusy && !error && this.store.keys.length === 0;
    if (isEmpty) this.list.draw();
    byId("key-none").hidden = !isEmpty || cursor !== null;
    byId("key-none-yet").hidden = !isEmpty || cursor === null;
    byId("scan-error").hidden = !error;
    const words = byId("scan-error").querySelector("span");
    if (words) words.textContent = error;
  }

  /** @param {Event} event */
  #sort(event) {
    const head = /** @type {HTMLElement} */ (event.target).closest("a");
    const name = head?.dataset.sort;
    if (!head || !name) return;
    event.preventDefault();
    this.tree.order = this.tree.order === name ? `-${name}` : this.tree.order === `-${name}` ? "" : name;
    for (const other of byId("key-heads").querySelectorAll("a")) {
      const isIt = other === head && this.tree.order !== "";
      other.toggleAttribute("aria-current", isIt);
      const mark = isIt ? (this.tree.order.startsWith("-") ? " ↓" : " ↑") : "";
      other.textContent = `${(other.textContent ?? "").replace(/ [↑↓]$/, "")}${mark}`;
    }
    this.list.draw();
  }
}
