// Keeps a page up to date: by server-sent events where they can be had, else by asking every few seconds.

import { Poller } from "./poller.js";
import { SharedStream } from "./shared_stream.js";

const FIRST_POLL_MS = 1_500; // time for a stream to open, so that nothing is asked for twice

/** @typedef {"live" | "polling" | "offline" | "paused" | "gone"} State "gone": 404 or 410, no more will come */
/**
 * @typedef {object} Options
 * @property {string} poll the address that answers the same state as JSON, with an ETag
 * @property {(payload: any, topic: string) => void} onEvent takes each new state
 * @property {(state: State) => void} [onState] hears of each change
 * @property {string[]} [topics] the events to pass on, by name; a polled state goes under the first
 */

/**
 * Follows `url`, an event stream that sends the state as soon as it opens, until `close()`.
 *
 * @param {string} url
 * @param {Options} options
 */
export function connect(url, options) {
  return new Live(url, { onState: () => {}, topics: ["job"], ...options });
}

class Live {
  #state = "";

  /** @param {string} url @param {Required<Options>} options */
  constructor(url, options) {
    this.options = options;
    this.stream = new SharedStream(url, {
      topics: options.topics,
      onEvent: (topic, payload) => this.#take(topic, payload),
      onFed: () => this.#report("live"),
      onMissed: () => this.poller.ask(),
    });
    this.poller = new Poller(options.poll, {
      isNeeded: () => (this.stream.renew(), !this.stream.isFed),
      onAnswer: (outcome, payload) => this.#learn(outcome, payload),
    });
    document.addEventListener("visibilitychange", this.#look);
    this.resume();
  }

  /** Goes on after `pause()`. */
  resume() {
    this.poller.start(FIRST_POLL_MS);
    this.stream.join();
  }

  /** Lets go of the stream and asks no more, until `resume()`. */
  pause() {
    this.#stop("paused");
  }

  /** Ends it for good. */
  close() {
    this.pause();
    document.removeEventListener("visibilitychange", this.#look);
    this.stream.close();
  }

  #look = () => {
    if (!this.poller.isRunning) return;
    if (document.hidden) this.stream.leave();
    else this.resume();
  };

  /** @param {string} topic @param {any} payload */
  #take(topic, payload) {
    this.poller.forget();
    this.options.onEvent(payload, topic);
  }

  /** @param {import("./poller.js").Outcome} outcome @param {any} payload */
  #learn(outcome, payload) {
    if (outcome === "gone") return this.#stop("gone");
    if (!this.stream.isFed) this.#report(outcome === "failed" ? "offline" : "polling");
    if (outcome !== "new") return;
    this.stream.share(this.options.topics[0], payload);
    this.options.onEvent(payload, this.options.topics[0]);
  }

  /** @param {State} state */
  #stop(state) {
    this.poller.stop();
    this.stream.part();
    this.#report(state);
  }

  /** @param {State} state */
  #report(state) {
    if (state !== this.#state) this.options.onState((this.#state = state));
  }
}
