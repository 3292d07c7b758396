// Reads keys as the server finds them: lines of JSON, portion after portion, until there are enough.

import { linesOf } from "../lib/lines.js";

/** @typedef {[id: string, type: string, ttlMs: number | null, bytes: number | null, length: number | null]} Row */
/**
 * @typedef {object} Portion
 * @property {Row[]} rows
 * @property {string | null} cursor goes on; null: that was all
 * @property {number} [scanned]
 * @property {number} [total]
 * @property {string} [error] why it broke off
 */

export class Scanner {
  /** Where to go on; null at the end. @type {string | null} */
  cursor = "";
  #abort = new AbortController();

  /**
   * @param {string} url
   * @param {{cursor: string, onPortion: (portion: Portion) => void}} options
   */
  constructor(url, { cursor, onPortion }) {
    this.url = url;
    this.cursor = cursor;
    this.onPortion = onPortion;
  }

  /** Stops reading; what was found stays, and `read` can go on. */
  stop() {
    this.#abort.abort();
  }

  /**
   * Reads until `wanted` more rows came, the end, `stop()` or an error, which it returns as words.
   *
   * @param {number} wanted
   * @returns {Promise<string>}
   */
  async read(wanted) {
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    try {
      while (wanted > 0 && this.cursor !== null && !signal.aborted) wanted -= await this.#request(wanted, signal);
    } catch (error) {
      if (!signal.aborted) return error instanceof Refusal ? error.message : "The connection broke off. What was found stays; scan more to go on.";
    }
    return "";
  }

  /** @param {number} wanted @param {AbortSignal} signal */
  async #request(wanted, signal) {
    const query = `&limit=${wanted}&cursor=${encodeURIComponent(this.cursor ?? "")}`;
    const answer = await fetch(this.url + query, { signal, cache: "no-store" });
    if (!answer.ok || !answer.body) throw new Refusal(await words(answer));
    let found = 0;
    for await (const lines of linesOf(answer.body)) for (const line of lines) found += this.#take(JSON.parse(line));
    return found;
  }

  /** @param {Portion} portion */
  #take(portion) {
    this.cursor = portion.cursor;
    if (portion.error) throw new Refusal(portion.error);
    this.onPortion(portion);
    return portion.rows.length;
  }
}

/** What the server said against it, in its own words. */
class Refusal extends Error {}

/** @param {Response} answer */
async function words(answer) {
  if (answer.status === 401 || answer.status === 403) return "You are signed out, or may not see this any more. Reload the page.";
  return `The server answered ${answer.status}. Reload the page.`;
}
