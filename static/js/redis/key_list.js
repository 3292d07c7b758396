// The list of keys by mouse and keyboard: one line is active, folders open and close, a key is opened.

import { announce } from "../lib/announce.js";
import { fillRow, makeRow } from "./key_rows.js";
import { idOf, shown } from "./names.js";
import { VirtualList } from "./virtual_list.js";

/** @typedef {import("./key_tree.js").Line} Line */

export class KeyList {
  /** The id of the key that is open, "" when none is. */
  openId = "";
  #active = -1;

  /**
   * @param {HTMLElement} box
   * @param {object} options
   * @param {import("./key_tree.js").KeyTree} options.tree
   * @param {(id: string) => string} options.hrefOf the address at which a key is open
   * @param {(path: string) => string} options.folderHref the address at which a folder is open
   * @param {(id: string) => void} options.onOpen
   * @param {(id: string) => void} options.onDelete
   */
  constructor(box, options) {
    this.box = box;
    this.options = options;
    this.list = new VirtualList(box, { make: makeRow, fill: (row, line, at) => this.#fill(row, line, at) });
    box.addEventListener("keydown", (event) => this.#press(event));
    box.addEventListener("click", (event) => this.#click(event));
  }

  /** Shows the tree as it is now; the active line stays the same thing. */
  draw() {
    const old = this.list.lines[this.#active];
    const lines = this.options.tree.lines();
    this.#active = old ? lines.findIndex(({ key, folder }) => key === old.key && folder === old.folder) : this.#active;
    this.list.show(lines);
  }

  /** Marks the open key. @param {string} id */
  mark(id) {
    this.openId = id;
    this.list.refresh();
  }

  /** @param {HTMLElement} row @param {Line} line @param {number} at */
  #fill(row, line, at) {
    const { key, folder } = line;
    const href = key ? this.options.hrefOf(key.id) : this.options.folderHref(idOf(folder?.path ?? ""));
    const isOpen = key !== undefined && key.id === this.openId;
    fillRow(row, line, { at, count: this.list.lines.length, href, isActive: at === this.#active, isOpen });
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const row = /** @type {HTMLElement} */ (event.target).closest(".key-line");
    const at = row?.getAttribute("aria-posinset");
    if (!at || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.#go(Number(at) - 1);
    this.#enter();
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = this.#act(event.key);
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** Returns what a key of the keyboard does here. @param {string} key @returns {(() => void) | undefined} */
  #act(key) {
    const last = this.list.lines.length - 1;
    /** @type {Record<string, () => void>} */
    const acts = {
      ArrowDown: () => this.#go(this.#active + 1),
      ArrowUp: () => this.#go(Math.max(0, this.#active - 1)),
      PageDown: () => this.#go(this.#active + this.list.page),
      PageUp: () => this.#go(Math.max(0, this.#active - this.list.page)),
      Home: () => this.#go(0),
      End: () => this.#go(last),
      ArrowRight: () => this.#unfold(),
      ArrowLeft: () => this.#fold(),
      Enter: () => this.#enter(),
      Delete: () => this.#delete(),
    };
    return acts[key];
  }

  /** @param {number} at */
  #go(at) {
    if (!this.list.lines.length) return;
    this.#active = Math.max(0, Math.min(at, this.list.lines.length - 1));
    this.list.refresh();
    this.list.reveal(this.#active);
    this.box.setAttribute("aria-activedescendant", `line-${this.#active}`);
  }

  #enter() {
    const { key, folder } = this.list.lines[this.#active] ?? {};
    if (key) this.options.onOpen(key.id);
    else if (folder) this.#toggle(folder);
  }

  #unfold() {
    const { folder } = this.list.lines[this.#active] ?? {};
    if (folder && !folder.isOpen) this.#toggle(folder);
    else this.#go(this.#active + 1);
  }

  #fold() {
    const { folder, parent } = this.list.lines[this.#active] ?? {};
    if (folder?.isOpen) this.#toggle(folder);
    else this.#go(Math.max(0, this.list.lines.findIndex((line) => line.folder === parent)));
  }

  #delete() {
    const { key } = this.list.lines[this.#active] ?? {};
    if (key) this.options.onDelete(key.id);
  }

  /** @param {import("./key_tree.js").Folder} folder */
  #toggle(folder) {
    folder.isOpen = !folder.isOpen;
    this.draw();
    announce(`${shown(folder.label)} ${folder.isOpen ? "open" : "closed"}`);
  }
}
