// One event stream for all tabs of a browser: a visible tab holds it, those that show the same follow.

import { Stream } from "./stream.js";
import { Tabs } from "./tabs.js";

const GAP_MS = 4_000; // a stream ends itself each minute and is back within a second or two
const FOLLOW_MS = 90_000; // who holds the stream says so each minute
const RETRY_MS = 60_000;

/** @typedef {{isAsking?: true, url?: string, isFed?: boolean, topic?: string, payload?: any}} Message */
/**
 * @typedef {object} Options
 * @property {string[]} topics names of the events to pass on
 * @property {(topic: string, payload: any) => void} onEvent
 * @property {() => void} onFed from now on each event comes, by this tab's stream or another's
 * @property {() => void} onMissed events may have been missed: fetch the state
 */

export class SharedStream {
  #fedUntil = 0;
  #retryAt = 0;
  #isWanted = false;
  /** @type {Stream | null} */ #stream = null;

  /** @param {string} url @param {Options} options */
  constructor(url, options) {
    this.url = url;
    this.options = options;
    /** @type {Tabs<Message>} */ this.tabs = new Tabs("thumbapp-live", (message) => this.#hear(message));
  }

  /** Whether a stream, of this tab or of another, brings whatever is new. */
  get isFed() {
    return Date.now() < this.#fedUntil;
  }

  /** Asks who holds the stream, and to hold it once it is free; the same again does no harm. */
  join() {
    this.#isWanted = true;
    this.tabs.say({ isAsking: true });
    this.renew();
  }

  /** Replaces a stream that was lost or refused; to be called every few seconds. */
  renew() {
    if (this.#stream?.isLost) this.leave();
    const isPossible = "EventSource" in globalThis && !document.hidden && Date.now() >= this.#retryAt;
    if (isPossible) this.tabs.claim(() => this.#open());
  }

  /** Tells the tabs that follow this one what it learned in another way. @param {string} topic @param {any} payload */
  share(topic, payload) {
    if (this.#stream) this.tabs.say({ url: this.url, topic, payload });
  }

  /** Gives the stream back, to follow whoever takes it. */
  leave() {
    this.tabs.release();
    if (!this.#stream) return;
    this.#stream.close();
    this.#stream = null;
    this.#fedUntil = 0;
    this.tabs.say({ url: this.url, isFed: false });
  }

  /** Gives it back and follows no more, until `join()`. */
  part() {
    this.leave();
    this.#isWanted = false;
    this.#fedUntil = 0;
  }

  close() {
    this.part();
    this.tabs.close();
  }

  #open() {
    this.#stream = new Stream(this.url, {
      topics: this.options.topics,
      onEvent: (topic, payload) => {
        this.share(topic, payload);
        this.options.onEvent(topic, payload);
      },
      onReset: this.options.onMissed,
      onOpen: () => {
        this.#feed(Infinity);
        this.tabs.say({ url: this.url, isFed: true });
      },
      onGap: () => (this.#fedUntil = Math.min(this.#fedUntil, Date.now() + GAP_MS)),
      onRefused: () => {
        this.#retryAt = Date.now() + RETRY_MS;
        this.leave();
        this.options.onMissed();
      },
    });
  }

  /** @param {number} until */
  #feed(until) {
    this.#fedUntil = until;
    this.options.onFed();
  }

  /** @param {Message} message what another tab says */
  #hear({ isAsking, url, isFed, topic, payload }) {
    if (isAsking && this.#stream?.isOpen) this.tabs.say({ url: this.url, isFed: true });
    if (isAsking || this.#stream || !this.#isWanted) return;
    if (topic === undefined) this.#follow(url === this.url && isFed === true);
    else if (url === this.url) this.options.onEvent(topic, payload);
  }

  /** @param {boolean} isFed whether the one stream is of our address; else it is another page's, or nobody's */
  #follow(isFed) {
    const wasFed = this.isFed;
    this.#fedUntil = 0;
    if (isFed) this.#feed(Date.now() + FOLLOW_MS);
    if (isFed && !wasFed) this.options.onMissed();
  }
}
