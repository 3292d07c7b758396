// The list of chosen files on the upload page.

import { byId } from "./dom.js";
import { FileRow } from "./file_row.js";
import { counted, fileSize } from "./units.js";

export class FileList {
  /** @type {FileRow[]} */
  rows = [];

  /**
   * @param {{maxBytes: number, maxFiles: number, onError: (words: string) => void}} limits
   */
  constructor({ maxBytes, maxFiles, onError }) {
    this.maxBytes = maxBytes;
    this.maxFiles = maxFiles;
    this.onError = onError;
    byId("clear").addEventListener("click", () => this.clear());
  }

  /** The files that can be sent. */
  get waiting() {
    return this.rows.filter(({ state }) => state === "chosen");
  }

  /** Adds files; what cannot work is said at its row at once. @param {File[]} files */
  add(files) {
    const fresh = files.filter((file) => !this.rows.some((row) => isSameFile(row.file, file)));
    const room = this.maxFiles - this.rows.length;
    const tooMany = fresh.length - room;
    const most = `At most ${counted(this.maxFiles, "picture")} are taken at once`;
    this.onError(tooMany > 0 ? `${most}; ${counted(tooMany, "picture")} ${tooMany === 1 ? "was" : "were"} left out.` : "");
    for (const file of fresh.slice(0, room)) this.#append(file);
    this.#count();
  }

  /** Removes every file. */
  clear() {
    for (const row of this.rows) row.element.remove();
    this.rows = [];
    this.#count();
    byId("image").focus();
  }

  /** @param {File} file */
  #append(file) {
    const row = new FileRow(file, { onRemove: (gone) => this.#remove(gone) });
    const problem = this.#problemOf(file);
    if (problem) row.showError(problem, { isFinal: true });
    this.rows.push(row);
    byId("files").append(row.element);
  }

  /** @param {FileRow} row */
  #remove(row) {
    const next = row.element.nextElementSibling ?? row.element.previousElementSibling;
    row.element.remove();
    this.rows = this.rows.filter((other) => other !== row);
    this.#count();
    /** @type {HTMLElement} */ (next?.querySelector("button") ?? byId("image")).focus();
  }

  /** @param {File} file */
  #problemOf(file) {
    if (file.size === 0) return "The file is empty (0 bytes).";
    return file.size > this.maxBytes ? `The file is larger than ${fileSize(this.maxBytes)}, the most that is taken.` : "";
  }

  #count() {
    const bytes = this.rows.reduce((sum, { file }) => sum + file.size, 0);
    byId("file-count").textContent = `${counted(this.rows.length, "picture")}, ${fileSize(bytes)}`;
    byId("file-sum").hidden = this.rows.length === 0;
    byId("upload").toggleAttribute("data-filled", this.rows.length > 0);
  }
}

/** @param {File} one @param {File} other */
function isSameFile(one, other) {
  return one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;
}
