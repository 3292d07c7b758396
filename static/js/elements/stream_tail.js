// <stream-tail data-url="...">: asks for the newest entries of a stream while it is pressed, seldom when none come.

import { letGo } from "../lib/pointer.js";
import { swap } from "../lib/swap.js";

const FASTEST_MS = 1_000;
const SLOWEST_MS = 5_000;
const SLOWER = 1.5;

class StreamTail extends HTMLElement {
  #timer = 0;
  #everyMs = FASTEST_MS;
  #last = "";

  connectedCallback() {
    this.addEventListener("click", this.#toggle);
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    this.removeEventListener("click", this.#toggle);
  }

  #toggle = () => {
    const button = this.querySelector("button");
    const isOn = button?.getAttribute("aria-pressed") !== "true";
    button?.setAttribute("aria-pressed", String(isOn));
    clearTimeout(this.#timer);
    if (isOn) void this.#ask();
    else this.#say("stopped");
  };

  #ask = async () => {
    if (!document.hidden) await this.#fetch();
    if (this.isConnected && this.querySelector("button")?.getAttribute("aria-pressed") === "true") {
      this.#timer = setTimeout(this.#ask, this.#everyMs);
    }
  };

  async #fetch() {
    const answer = await fetch(this.dataset.url ?? "", { cache: "no-store" }).catch(() => null);
    const table = document.getElementById("entries");
    if (!table || !answer?.ok || answer.redirected) return this.#say("the server does not answer; trying again");
    const html = await answer.text();
    await letGo();
    if (this.isConnected) swap(table, html);
    this.#everyMs = html === this.#last ? Math.min(SLOWEST_MS, this.#everyMs * SLOWER) : FASTEST_MS;
    this.#last = html;
    this.#say(`as of ${new Date().toLocaleTimeString("en-GB")}, asks every ${Math.round(this.#everyMs / 1000)} s`);
  }

  /** @param {string} text */
  #say(text) {
    const words = this.querySelector("[role=status]");
    if (words) words.textContent = text;
  }
}

customElements.define("stream-tail", StreamTail);
