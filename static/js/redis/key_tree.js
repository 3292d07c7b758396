// Keys as the lines of a tree or of a list: folders by the delimiter, with the number of keys in each.

import { compare, SortedKeys } from "./key_store.js";

/** @typedef {import("./key_store.js").Key} Key */
/** @typedef {{level: number, label: string, key?: Key, folder?: Folder, parent?: Folder}} Line label: bytes */

export class Folder {
  count = 0;
  isOpen = false;
  /** @type {Map<string, Folder>} */
  folders = new Map();
  /** @type {Key[]} */
  keys = [];
  sorted = new SortedKeys();

  /** @param {string} path the bytes that the names in it begin with @param {string} label the last part of them */
  constructor(path, label) {
    this.path = path;
    this.label = label;
  }
}

export class KeyTree {
  /** "" lays keys out as a list */
  order = "";

  /** @param {string} delimiter bytes; "" for a list without folders */
  constructor(delimiter) {
    this.delimiter = delimiter;
    this.root = new Folder("", "");
    this.root.isOpen = true;
  }

  /** @param {Key[]} keys */
  add(keys) {
    for (const key of keys) this.#place(key);
  }

  /** Forgets every key and keeps which folders are open. */
  empty() {
    /** @param {Folder} folder */
    const clear = (folder) => {
      folder.count = 0;
      folder.keys = [];
      folder.sorted.clear();
      for (const inner of folder.folders.values()) clear(inner);
    };
    clear(this.root);
  }

  /** Opens every folder on the way to `bytes`, for what an address names. @param {string} bytes */
  reveal(bytes) {
    let folder = this.root;
    for (const part of bytes.split(this.delimiter || "\u{10ffff}").slice(0, -1)) {
      folder = this.#inside(folder, part);
      folder.isOpen = true;
    }
  }

  /** Returns the lines that can be seen, folders before keys. @returns {Line[]} */
  lines() {
    /** @type {Line[]} */
    const lines = [];
    this.#collect(this.root, 1, lines);
    return lines;
  }

  /** @param {Folder} folder @param {number} level @param {Line[]} lines */
  #collect(folder, level, lines) {
    const inner = [...folder.folders.values()].filter(({ count }) => count > 0);
    inner.sort((one, other) => compare(one.label, other.label));
    for (const child of inner) {
      lines.push({ level, label: child.label, folder: child, parent: folder });
      if (child.isOpen) this.#collect(child, level + 1, lines);
    }
    const order = this.order || (this.delimiter ? "name" : "");
    for (const key of folder.sorted.of(folder.keys, order)) lines.push({ level, label: key.bytes.slice(folder.path.length), key, parent: folder });
  }

  /** @param {Key} key */
  #place(key) {
    let folder = this.root;
    folder.count += 1;
    if (this.delimiter) {
      let [start, end] = [0, key.bytes.indexOf(this.delimiter)];
      while (end >= 0) {
        folder = this.#inside(folder, key.bytes.slice(start, end));
        folder.count += 1;
        start = end + this.delimiter.length;
        end = key.bytes.indexOf(this.delimiter, start);
      }
    }
    folder.keys.push(key);
  }

  /** @param {Folder} folder @param {string} part */
  #inside(folder, part) {
    let child = folder.folders.get(part);
    if (!child) folder.folders.set(part, (child = new Folder(folder.path + part + this.delimiter, part)));
    return child;
  }
}
