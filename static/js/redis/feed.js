// A live feed: server-sent events where there is a place for a stream, else a question every few seconds.

import { untilNext } from "../lib/asking.js";
import { byId, copyOf } from "../lib/dom.js";

const MOST_ROWS = 1_000;
const MOST_HELD = 1_000;
const POLL_MS = 5_000;
const RETRY_STREAM_MS = 60_000;
/** @type {Intl.DateTimeFormatOptions} */
const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 };

/**
 * @typedef {{at: number, text?: string, channel?: string, pattern?: string, bytes?: number, event?: string,
 *   key?: string, key_id?: string}} Message
 * @typedef {{messages: Message[], dropped: number, trouble: string, lost: boolean, id?: string}} Told
 */

export class Feed {
  #dropped = 0;
  #shown = 0;
  #isPaused = false;
  /** @type {Message[]} */ #held = [];
  #after = "";
  #tag = "";
  #trouble = "";

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.rows = byId("feed-rows");
    this.filter = byId("feed-filter", HTMLInputElement);
    byId("feed-pause").addEventListener("click", () => this.#pause());
    byId("feed-clear").addEventListener("click", () => this.rows.replaceChildren());
    this.filter.addEventListener("input", () => this.#sift());
    this.#open();
  }

  #open() {
    const source = new EventSource(this.root.dataset.stream ?? "");
    source.addEventListener("open", () => this.#say("live"));
    source.addEventListener("messages", (event) => {
      this.#after = event.lastEventId;
      this.#take(JSON.parse(event.data));
    });
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED) return this.#say("connecting again");
      void this.#poll(Date.now() + RETRY_STREAM_MS);
    });
  }

  /** Asks until a stream is tried again. @param {number} until */
  async #poll(until) {
    while (Date.now() < until) {
      const url = new URL(this.root.dataset.poll ?? "", location.href);
      if (this.#after) url.searchParams.set("after", this.#after);
      const headers = this.#tag ? { "If-None-Match": this.#tag } : undefined;
      const answer = await fetch(url, { headers, cache: "no-store" }).catch(() => null);
      if (answer?.ok && !answer.redirected) {
        this.#tag = answer.headers.get("ETag") ?? "";
        /** @type {Told} */
        const told = await answer.json();
        this.#after = told.id ?? "";
        this.#take(told, "every few seconds");
      } else if (answer?.status !== 304) {
        this.#say("the site does not answer");
      }
      await untilNext(answer, POLL_MS);
    }
    this.#open();
  }

  /** @param {Told} told @param {string} [words] how it comes */
  #take(told, words = "live") {
    this.#dropped += told.dropped;
    if (told.lost) this.#note("what came meanwhile may be missing");
    if (told.trouble && told.trouble !== this.#trouble) this.#note(`${told.trouble} What comes until then is missing.`);
    this.#trouble = told.trouble;
    this.#held.push(...told.messages);
    this.#dropped += Math.max(0, this.#held.length - MOST_HELD);
    this.#held = this.#held.slice(-MOST_HELD);
    if (!this.#isPaused) this.#show();
    this.#say(told.trouble || words);
  }

  #show() {
    const isAtEnd = this.rows.scrollHeight - this.rows.scrollTop - this.rows.clientHeight < 40;
    const fresh = document.createDocumentFragment();
    for (const message of this.#held) fresh.append(this.#row(message));
    this.#shown += this.#held.length;
    this.#held = [];
    this.rows.append(fresh);
    while (this.rows.children.length > MOST_ROWS) this.rows.firstElementChild?.remove();
    if (isAtEnd) this.rows.scrollTop = this.rows.scrollHeight;
  }

  /** @param {Message} message */
  #row(message) {
    const row = copyOf("feed-row");
    const time = row.querySelector("time");
    const what = row.querySelector(".feed-what");
    const text = row.querySelector(".feed-text");
    if (time) time.textContent = new Date(message.at * 1000).toLocaleTimeString("en-GB", CLOCK);
    if (what) what.textContent = message.event ?? message.channel ?? "";
    if (text) text.textContent = message.key ?? message.text ?? "";
    const from = row.querySelector(".feed-from");
    if (from) from.textContent = message.event ? (message.channel ?? "") : (message.pattern ?? "");
    row.hidden = !this.#fits(row);
    return row;
  }

  /** @param {HTMLElement} row */
  #fits(row) {
    const wanted = this.filter.value.toLowerCase();
    return !wanted || (row.textContent ?? "").toLowerCase().includes(wanted);
  }

  #sift() {
    for (const row of this.rows.children) if (row instanceof HTMLElement) row.hidden = !this.#fits(row);
  }

  #pause() {
    this.#isPaused = !this.#isPaused;
    byId("feed-pause").setAttribute("aria-pressed", String(this.#isPaused));
    if (!this.#isPaused) this.#show();
    this.#say(this.#isPaused ? "paused" : "live");
  }

  /** @param {string} words */
  #note(words) {
    const row = copyOf("feed-row");
    row.textContent = words;
    this.rows.append(row);
  }

  /** @param {string} words */
  #say(words) {
    const parts = [this.#isPaused ? "paused" : words.replace(/\.$/, ""), `${this.#shown.toLocaleString("en")} shown`];
    if (this.#held.length) parts.push(`${this.#held.length.toLocaleString("en")} held`);
    if (this.#dropped) parts.push(`dropped ${this.#dropped.toLocaleString("en")}`);
    byId("feed-state").textContent = parts.join(", ");
  }
}
