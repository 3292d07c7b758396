// A line of the list: a folder with its count, or a key with what is known of it.

import { copyOf } from "../lib/dom.js";
import { fileSize, lifetime } from "../lib/units.js";
import { isLong, shown } from "./names.js";

/** @typedef {import("./key_tree.js").Line} Line */

const TYPES = new Set(["string", "list", "hash", "set", "zset", "stream"]);
const LONGEST = 300;

/** Returns an empty line. */
export function makeRow() {
  return copyOf("key-row");
}

/**
 * Writes `line`, the one at place `at`, into `row`.
 *
 * @param {HTMLElement} row
 * @param {Line} line
 * @param {{at: number, count: number, href: string, isActive: boolean, isOpen: boolean}} place
 */
export function fillRow(row, line, { at, count, href, isActive, isOpen }) {
  const { key, folder } = line;
  row.id = `line-${at}`;
  row.setAttribute("href", href);
  row.setAttribute("aria-level", String(Math.min(line.level, 8)));
  row.setAttribute("aria-posinset", String(at + 1));
  row.setAttribute("aria-setsize", String(count));
  row.toggleAttribute("data-active", isActive);
  set(row, "aria-current", isOpen ? "true" : null);
  set(row, "aria-expanded", folder ? String(folder.isOpen) : null);
  const [, badge, name, length, size, ttl] = /** @type {HTMLElement[]} */ ([...row.children]);
  write(name, folder ? `${named(line.label)} (${folder.count.toLocaleString("en")})` : named(line.label) + (key && isLong(key.id) ? " ..." : ""));
  name.title = key && name.textContent !== key.bytes && key.bytes.length < LONGEST ? shown(key.bytes) : "";
  badge.className = `type-badge t-${TYPES.has(key?.type ?? "") ? key?.type : "other"}`;
  write(badge, key?.type ?? "");
  write(length, key?.length?.toLocaleString("en") ?? "");
  write(size, key?.size == null ? "" : fileSize(key.size));
  write(ttl, key?.ttlMs == null ? "" : lifetime(key.ttlMs));
}

/** Returns a part of a name for people, a very long one cut. @param {string} bytes */
function named(bytes) {
  if (bytes === "") return "(empty name)";
  if (bytes.length <= LONGEST) return shown(bytes);
  return `${shown(bytes.slice(0, 200))} ... ${shown(bytes.slice(-60))} (${bytes.length.toLocaleString("en")} bytes)`;
}

/** @param {HTMLElement} element @param {string} text */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {HTMLElement} element @param {string} name @param {string | null} value */
function set(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
}
