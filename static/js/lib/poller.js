// Asks for a JSON state every few seconds, without fetching twice what did not change.

import { pauseMs } from "./asking.js";

const POLL_MS = 5_000;
const HIDDEN_POLL_MS = 15_000;
const TIMEOUT_MS = 10_000;

/** @typedef {"new" | "same" | "gone" | "failed"} Outcome "gone": 404 or 410 */

export class Poller {
  #etag = "";
  #timer = 0;
  /** @type {Response | null} what came last */ #answer = null;

  /**
   * @param {string} url answers JSON, best with an ETag
   * @param {object} options
   * @param {() => boolean} options.isNeeded whether to ask now, called before each time
   * @param {(outcome: Outcome, payload?: any) => void} options.onAnswer takes what came, while it runs
   */
  constructor(url, { isNeeded, onAnswer }) {
    this.url = url;
    this.isNeeded = isNeeded;
    this.onAnswer = onAnswer;
  }

  get isRunning() {
    return this.#timer !== 0;
  }

  /** @param {number} delayMs until the first question */
  start(delayMs) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#tick, delayMs);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  /** Forgets what was had last: the state was learned in another way since. */
  forget() {
    this.#etag = "";
  }

  /** Asks now, needed or not. */
  async ask() {
    const { outcome, payload } = await this.#fetch();
    if (this.isRunning) this.onAnswer(outcome, payload);
  }

  #tick = async () => {
    if (this.isNeeded()) await this.ask();
    if (this.isRunning) this.start(pauseMs(this.#answer, document.hidden ? HIDDEN_POLL_MS : POLL_MS));
  };

  /** @returns {Promise<{outcome: Outcome, payload?: any}>} */
  async #fetch() {
    try {
      const headers = this.#etag ? { "If-None-Match": this.#etag } : undefined;
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      this.#answer = await fetch(this.url, { headers, signal, cache: "no-store" });
      return await this.#read(this.#answer);
    } catch {
      return { outcome: "failed" }; // no network, no answer in time, or no JSON
    }
  }

  /**
   * @param {Response} answer
   * @returns {Promise<{outcome: Outcome, payload?: any}>}
   */
  async #read(answer) {
    if (answer.status === 304) return { outcome: "same" };
    if (answer.status === 404 || answer.status === 410) return { outcome: "gone" };
    if (!answer.ok) return { outcome: "failed" };
    const payload = await answer.json();
    this.#etag = answer.headers.get("ETag") ?? "";
    return { outcome: "new", payload };
  }
}
