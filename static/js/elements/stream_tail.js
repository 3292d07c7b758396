// <stream-tail data-url="...">: asks for the newest entries of a stream every two seconds while it is pressed.

import { swap } from "../lib/swap.js";

const EVERY_MS = 2_000;

class StreamTail extends HTMLElement {
  #timer = 0;

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
      this.#timer = setTimeout(this.#ask, EVERY_MS);
    }
  };

  async #fetch() {
    const answer = await fetch(this.dataset.url ?? "", { cache: "no-store" }).catch(() => null);
    const table = document.getElementById("entries");
    if (!table || !answer?.ok || answer.redirected) return this.#say("the server does not answer; trying again");
    swap(table, await answer.text());
    this.#say(`as of ${new Date().toLocaleTimeString()}`);
  }

  /** @param {string} text */
  #say(text) {
    const words = this.querySelector("[role=status]");
    if (words) words.textContent = text;
  }
}

customElements.define("stream-tail", StreamTail);
