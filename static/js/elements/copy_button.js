// <copy-button value="..."><button>...</button></copy-button>: copies the value and says so.
// With data-address the value is a path and its full address is copied.

import { announce } from "../lib/announce.js";

const SHOWN_MS = 1_500;

class CopyButton extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", this.#copy);
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#copy);
  }

  #copy = async () => {
    const value = this.getAttribute("value") ?? "";
    await write("address" in this.dataset ? new URL(value, location.href).href : value);
    announce("copied");
    this.dataset.copied = "";
    setTimeout(() => delete this.dataset.copied, SHOWN_MS);
  };
}

/**
 * Puts `text` on the clipboard; the modern way is there only on https and localhost.
 *
 * @param {string} text
 */
async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

customElements.define("copy-button", CopyButton);
