// The right side: fetches the open key and its pages, and keeps the address true, so that Back works.

import { byId } from "../lib/dom.js";
import { swap, swapPart } from "../lib/swap.js";
import { addressOf, clear, sendChange } from "./changes.js";

const KEY = "key";
const OF_VALUE = /^v_/;

export class ValuePane {
  #asked = 0;
  /** @type {Promise<void>} */ #change = Promise.resolve();

  /**
   * @param {object} options
   * @param {(id: string) => void} options.onShow hears of the key that is open now, "" when none is
   * @param {() => void} options.onKeys hears that a change made or took away a key
   */
  constructor({ onShow, onKeys }) {
    this.box = byId("pane");
    this.onShow = onShow;
    this.onKeys = onKeys;
    this.box.addEventListener("click", (event) => this.#click(event));
    this.box.addEventListener("submit", (event) => this.#submit(event));
    addEventListener("popstate", () => void this.#back());
  }

  /** Opens a key. @param {string} id */
  async open(id) {
    const url = new URL(location.href);
    forget(url);
    url.searchParams.set(KEY, id);
    await this.#go(url);
  }

  /** Asks for the open key again. */
  async reload() {
    if (new URL(location.href).searchParams.has(KEY)) await this.#show(new URL(location.href));
  }

  /** @param {URL} url */
  async #go(url) {
    await this.#change.catch(() => {}); // what comes of a change that is on its way must not replace this
    history.pushState({}, "", url);
    await this.#show(url);
  }

  async #back() {
    await this.#show(new URL(location.href));
  }

  /** @param {URL} url */
  async #show(url) {
    const id = url.searchParams.get(KEY) ?? "";
    this.box.closest(".explorer")?.toggleAttribute("data-open", id !== "");
    this.onShow(id);
    const turn = (this.#asked += 1);
    this.box.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(byId("keys").dataset.panel + url.search, { cache: "no-store" });
      if (answer.status === 401 || answer.redirected) return location.reload();
      const html = await answer.text();
      if (turn === this.#asked) swap(this.box, answer.ok ? html : failed(answer.status));
    } catch {
      if (turn === this.#asked) swap(this.box, failed(0));
    } finally {
      this.box.removeAttribute("aria-busy");
    }
    if (turn === this.#asked) this.box.scrollTop = 0;
  }

  /** No form of the pane needs a new page: neither one that asks nor one that changes. @param {SubmitEvent} event */
  #submit(event) {
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    event.preventDefault();
    if (form.method === "post") return this.#begin(form, event.submitter);
    const url = addressOf(form);
    for (const [name, text] of new FormData(form, event.submitter)) if (text) url.searchParams.append(name, String(text));
    void this.#go(url);
  }

  /** @param {HTMLFormElement} form @param {HTMLElement | null} button */
  #begin(form, button) {
    if (this.box.hasAttribute("aria-busy")) return; // a second click while the first is on its way
    this.#change = this.#make(form, button);
  }

  /** @param {HTMLFormElement} form @param {HTMLElement | null} button */
  async #make(form, button) {
    this.#asked += 1;
    this.box.setAttribute("aria-busy", "true");
    const followed = await sendChange(form, button).finally(() => this.box.removeAttribute("aria-busy"));
    if (!followed) return;
    const was = new URL(location.href).searchParams.get(KEY);
    const id = followed.url.searchParams.get(KEY) ?? "";
    history.pushState({}, "", followed.url);
    clear(form);
    swapPart(this.box, followed.html);
    this.box.closest(".explorer")?.toggleAttribute("data-open", id !== "");
    this.box.scrollTop = 0;
    this.onShow(id);
    if (id !== was || addressOf(form).pathname.endsWith("/undo") || !this.box.querySelector(".pane-head")) this.onKeys();
  }

  /** A link to another part of the value, or back to the list, needs no new page. @param {MouseEvent} event */
  #click(event) {
    const link = /** @type {HTMLElement} */ (event.target).closest("a");
    const here = new URL(location.href);
    if (!link || link.target || link.hasAttribute("download") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const url = new URL(link.href);
    if (url.pathname !== here.pathname || url.origin !== here.origin) return;
    event.preventDefault();
    void this.#go(url);
  }
}

/** Leaves out of an address what belongs to one value. @param {URL} url */
function forget(url) {
  for (const name of [...url.searchParams.keys()]) if (OF_VALUE.test(name)) url.searchParams.delete(name);
}

/** @param {number} status */
function failed(status) {
  const why = status ? `The server answered ${status}.` : "The server does not answer.";
  return `<section class="pane" id="pane" tabindex="-1"><p class="soft">${why} Nothing was changed; open the key again.</p></section>`;
}
