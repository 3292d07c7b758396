// One chosen file in the list: its preview, name, size, how far it is sent, what is wrong with it.

import { copyOf } from "./dom.js";
import { preview } from "./preview.js";
import { fileSize } from "./units.js";

/** @typedef {"chosen" | "sending" | "sent" | "refused"} RowState refused: sending it again would not help */

export class FileRow {
  /** @type {RowState} */
  state = "chosen";
  sentBytes = 0;
  /** Tells the server that it has this very row already. */
  key = [...crypto.getRandomValues(new Uint32Array(4))].map((part) => part.toString(36)).join("");

  /**
   * @param {File} file
   * @param {{onRemove: (row: FileRow) => void}} options
   */
  constructor(file, { onRemove }) {
    this.file = file;
    this.element = copyOf("file-row");
    this.#part(".file-name").textContent = this.#part(".file-name").title = file.name;
    this.#part(".file-facts").textContent = fileSize(file.size);
    const button = this.#part(".file-row-remove");
    button.setAttribute("aria-label", `Remove ${file.name}`);
    button.addEventListener("click", () => onRemove(this));
    void this.#draw();
  }

  /** Says that the file is on its way, `sentBytes` so far. @param {number} sentBytes */
  showSending(sentBytes) {
    this.sentBytes = Math.min(sentBytes, this.file.size);
    this.#set("sending");
    const bar = this.element.querySelector("progress") ?? this.#addBar();
    bar.value = this.sentBytes;
  }

  /** Says that the server has the file. */
  showSent() {
    this.sentBytes = this.file.size;
    this.#set("sent");
    this.#replaceEnd(Object.assign(document.createElement("span"), { className: "file-sent state state-done", textContent: "sent" }));
  }

  /**
   * Says what is wrong; without `isFinal` it can be sent again.
   *
   * @param {string} words
   * @param {{isFinal: boolean}} options
   */
  showError(words, { isFinal }) {
    this.sentBytes = 0;
    this.#set(isFinal ? "refused" : "chosen");
    const error = copyOf("row-error");
    /** @type {HTMLElement} */ (error.querySelector("span")).textContent = words;
    this.#replaceEnd(error);
  }

  /** Forgets an earlier error and an earlier attempt. */
  reset() {
    this.sentBytes = 0;
    this.#set("chosen");
    this.#replaceEnd(null);
  }

  /** @param {RowState} state */
  #set(state) {
    this.state = state;
    this.element.dataset.state = state;
  }

  #addBar() {
    const bar = Object.assign(document.createElement("progress"), { max: Math.max(1, this.file.size) });
    bar.setAttribute("aria-label", `Sending ${this.file.name}`);
    this.#replaceEnd(bar);
    return bar;
  }

  /** @param {Element | null} end */
  #replaceEnd(end) {
    this.element.querySelector("progress, .field-error, .file-sent")?.remove();
    if (end) this.element.append(end);
  }

  async #draw() {
    const drawn = await preview(this.file);
    if (!drawn) return;
    this.#part(".preview-none").replaceWith(drawn.canvas);
    this.#part(".file-facts").textContent = `${drawn.width} × ${drawn.height} px, ${fileSize(this.file.size)}`;
  }

  /** @param {string} selector */
  #part(selector) {
    return /** @type {HTMLElement} */ (this.element.querySelector(selector));
  }
}
