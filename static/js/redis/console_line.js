// The line of a console: its keys, what was typed before, completions and how a command is written.

import { byId } from "../lib/dom.js";
import { begin, option } from "./completions.js";

const HINT_MS = 200;

export class ConsoleLine {
  /** @type {string[]} */ #history;
  #at;
  #draft = "";
  #search = "";
  #isSearching = false;
  #asked = 0;

  /**
   * @param {HTMLTextAreaElement} field
   * @param {{completeUrl: () => string, onRun: () => void, onClear: () => void}} options
   */
  constructor(field, options) {
    this.field = field;
    this.options = options;
    this.#history = JSON.parse(byId("console-history").textContent ?? "[]");
    this.#at = this.#history.length;
    field.addEventListener("keydown", this.#press);
    field.addEventListener("input", this.#typed);
    byId("console-choices").addEventListener("click", this.#choose);
  }

  /** @param {string} line */
  remember(line) {
    if (this.#history.at(-1) !== line) this.#history.push(line);
    this.#at = this.#history.length;
    this.#isSearching = false;
  }

  clear() {
    this.#put("");
    this.#hint("");
  }

  /** @param {KeyboardEvent} event */
  #press = (event) => {
    const isOneLine = !this.field.value.includes("\n");
    const word = `${event.ctrlKey ? "Ctrl+" : ""}${event.key}`;
    const act = {
      Enter: () => (event.shiftKey ? false : this.options.onRun()),
      Tab: () => (event.shiftKey || !this.field.value.trim() ? false : void this.#complete()),
      ArrowUp: () => (isOneLine ? this.#step(-1) : false),
      ArrowDown: () => (isOneLine ? this.#step(1) : false),
      Escape: () => this.#leave(),
      "Ctrl+l": () => this.options.onClear(),
      "Ctrl+r": () => this.#back(),
    }[word];
    if (act && act() !== false) event.preventDefault();
  };

  #typed = () => {
    this.#isSearching = false;
    this.#fit();
    byId("console-choices").hidden = true;
    const asked = ++this.#asked;
    setTimeout(() => asked === this.#asked && void this.#lookUp(), HINT_MS);
  };

  /** @param {MouseEvent} event */
  #choose = (event) => {
    const choice = /** @type {Element} */ (event.target).closest("[role=option]");
    if (!choice) return;
    this.#put(`${choice.textContent} `);
    byId("console-choices").hidden = true;
    this.field.focus();
  };

  /** Goes through what was typed before. @param {number} by */
  #step(by) {
    const next = this.#at + by;
    if (next < 0 || next > this.#history.length) return;
    if (this.#at === this.#history.length) this.#draft = this.field.value;
    this.#at = next;
    this.#put(this.#history[next] ?? this.#draft);
  }

  /** Finds the line before this one that holds what is typed, as Ctrl+R does in a terminal. */
  #back() {
    if (!this.#isSearching) [this.#search, this.#isSearching, this.#at] = [this.field.value, true, this.#history.length];
    for (let at = this.#at - 1; at >= 0; at -= 1) {
      if (!this.#history[at].includes(this.#search)) continue;
      this.#at = at;
      this.#put(this.#history[at]);
      return this.#hint(`history: lines with "${this.#search}"; Ctrl+R goes on, Esc ends it`);
    }
    this.#hint(`history: no older line with "${this.#search}"`);
  }

  #leave() {
    byId("console-choices").hidden = true;
    if (this.#isSearching) this.#put(this.#search);
    this.#isSearching = false;
    this.#hint("");
  }

  async #complete() {
    const lines = (await this.#lookUp())?.lines ?? [];
    const choices = byId("console-choices");
    choices.hidden = lines.length < 2;
    if (lines.length === 1) return this.#put(`${lines[0]} `);
    choices.replaceChildren(...lines.map(option));
    const shared = begin(lines);
    if (shared.length > this.field.value.length) this.#put(shared);
  }

  /** Asks how the line may go on, and shows how its command is written. */
  async #lookUp() {
    const line = this.field.value;
    if (!line.trim() || line.includes("\n")) return this.#hint("");
    const url = this.options.completeUrl();
    const query = new URLSearchParams({ line });
    const answer = await fetch(`${url}${url.includes("?") ? "&" : "?"}${query}`).catch(() => null);
    if (!answer?.ok || answer.redirected || line !== this.field.value) return null;
    /** @type {{lines: string[], usage: {syntax: string, summary: string} | null}} */
    const told = await answer.json();
    this.#hint(told.usage ? [told.usage.syntax, told.usage.summary].filter(Boolean).join("  -  ") : "");
    return told;
  }

  /** @param {string} text */
  #put(text) {
    this.field.value = text;
    this.field.setSelectionRange(text.length, text.length);
    this.#fit();
  }

  #fit() {
    this.field.rows = Math.min(12, this.field.value.split("\n").length);
  }

  /** @param {string} words */
  #hint(words) {
    byId("console-usage").textContent = words;
    return null;
  }
}
