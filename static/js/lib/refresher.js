// Fetches a part of the page again when asked, one request at a time and not too often.

import { letGo } from "./pointer.js";
import { swap } from "./swap.js";

const GAP_MS = 250;

export class Refresher {
  #busy = false;
  #again = false;
  /** @type {Response | null} what came last */ answer = null;

  /**
   * @param {Element} target
   * @param {{url: string, onSwap?: () => void, onGone?: () => void, onFail?: () => void}} options
   */
  constructor(target, { url, onSwap = () => {}, onGone = () => {}, onFail = () => {} }) {
    this.target = target;
    this.url = url;
    this.onSwap = onSwap;
    this.onGone = onGone;
    this.onFail = onFail;
  }

  /** Fetches soon; asking while a request is under way leads to one more after it. */
  ask() {
    this.#again = true;
    if (!this.#busy) void this.#run();
  }

  async #run() {
    this.#busy = true;
    while (this.#again) {
      this.#again = false;
      await this.#fetch();
      await new Promise((resolve) => setTimeout(resolve, GAP_MS));
    }
    this.#busy = false;
  }

  async #fetch() {
    try {
      const answer = (this.answer = await fetch(this.url));
      if (answer.ok && !answer.redirected) {
        const html = await answer.text();
        await letGo();
        swap(this.target, html);
        this.onSwap();
      } else if (answer.status === 404 || answer.status === 410) {
        this.onGone();
      } else {
        this.onFail();
      }
    } catch {
      this.onFail(); // the connection is away: the next event or poll asks again
    }
  }
}
