// The keys that were loaded, each once, whatever their number; and their order.

import { bytesOf } from "./names.js";

/** @typedef {import("./scanner.js").Row} Row */
/** @typedef {{id: string, bytes: string, type: string, ttlMs: number | null, size: number | null, length: number | null}} Key */

/** @type {Record<string, (key: Key) => number | string>} */
const SORTS = {
  name: ({ bytes }) => bytes,
  type: ({ type }) => type,
  length: ({ length }) => length ?? -1,
  memory: ({ size }) => size ?? -1,
  ttl: ({ ttlMs }) => ttlMs ?? Infinity,
};

export class KeyStore {
  /** @type {Key[]} */
  keys = [];
  #ids = new Set();

  /** Adds rows and returns the keys that are new. @param {Row[]} rows */
  add(rows) {
    const fresh = rows.filter(([id]) => !this.#ids.has(id)).map(toKey);
    for (const key of fresh) {
      this.#ids.add(key.id);
      this.keys.push(key);
    }
    return fresh;
  }

  /** Forgets a key that was deleted. @param {string} id */
  remove(id) {
    if (this.#ids.delete(id)) this.keys = this.keys.filter((key) => key.id !== id);
  }
}

/** A row of keys in an order, which takes new ones in without sorting the others again. */
export class SortedKeys {
  /** @type {Key[]} */
  #sorted = [];
  #order = "";
  #taken = 0;

  /**
   * Returns `keys`, the same as last time with some at the end, sorted by `order`: a name of `SORTS`, `-` before it for
   * the other way, "" as they came.
   *
   * @param {Key[]} keys
   * @param {string} order
   */
  of(keys, order) {
    const value = SORTS[order.replace("-", "")];
    if (!value) return keys;
    const isSame = order === this.#order && this.#taken <= keys.length;
    if (isSame && this.#taken === keys.length) return this.#sorted;
    const rows = isSame ? this.#sorted.concat(keys.slice(this.#taken)) : [...keys];
    const sign = order.startsWith("-") ? -1 : 1;
    rows.sort((one, other) => sign * compare(value(one), value(other)));
    [this.#sorted, this.#order, this.#taken] = [rows, order, keys.length];
    return rows;
  }

  /** Forgets the keys. */
  clear() {
    [this.#sorted, this.#taken] = [[], 0];
  }
}

/** @param {number | string} one @param {number | string} other */
export function compare(one, other) {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** @param {Row} row @returns {Key} */
function toKey([id, type, ttlMs, size, length]) {
  return { id, bytes: bytesOf(id), type, ttlMs, size, length };
}
