// The right side: fetches the open key and its pages, and keeps the address true, so that Back works.

import { byId } from "../lib/dom.js";
import { letGo } from "../lib/pointer.js";
import { Steps } from "../lib/steps.js";
import { swap, swapPart } from "../lib/swap.js";
import { addressOf, bodyOf, clear, sendChange } from "./changes.js";
import { failed, mainOf } from "./refusal.js";

const KEY = "key";
const OF_VALUE = /^v_/;

export class ValuePane {
  #asked = 0;
  #abort = new AbortController();
  /** The changes that are on their way. @type {Set<string>} */ #sent = new Set();

  /**
   * @param {object} options
   * @param {(id: string) => void} options.onShow hears of the key that is open now, "" when none is
   * @param {() => void} options.onKeys hears that a change made or took away a key
   */
  constructor({ onShow, onKeys }) {
    this.box = byId("pane");
    // one thing after another: what comes of a change never replaces what was opened after it
    this.steps = new Steps((isBusy) => this.box.setAttribute("aria-busy", String(isBusy)));
    this.onShow = onShow;
    this.onKeys = onKeys;
    this.box.addEventListener("click", (event) => this.#click(event));
    this.box.addEventListener("submit", (event) => this.#submit(event));
    addEventListener("popstate", () => void this.#show());
  }

  /** Opens a key. @param {string} id */
  async open(id) {
    const url = new URL(location.href);
    forget(url);
    url.searchParams.set(KEY, id);
    await this.#show(url);
  }

  /** Asks for the open key again. */
  async reload() {
    if (new URL(location.href).searchParams.has(KEY)) await this.#show();
  }

  /** Shows another place, or anew the one where the browser is; whatever else was only asked for is not shown. @param {URL} [to] */
  #show(to) {
    this.#abort.abort();
    this.#abort = new AbortController();
    const turn = (this.#asked += 1);
    return this.steps.add(async () => {
      if (turn !== this.#asked) return;
      if (to) history.pushState({}, "", to);
      await this.#fetch(new URL(location.href), turn);
    });
  }

  /** @param {URL} url @param {number} turn */
  async #fetch(url, turn) {
    const id = url.searchParams.get(KEY) ?? "";
    this.#mark(id);
    const { panel } = byId("keys").dataset;
    const answer = await fetch(panel + url.search, { cache: "no-store", signal: this.#abort.signal }).catch(() => null);
    if (answer?.status === 401 || answer?.redirected) return location.reload();
    const html = answer?.ok ? await answer.text().catch(() => "") : "";
    await letGo();
    if (turn !== this.#asked) return;
    swap(this.box, html || failed(answer?.ok ? 0 : (answer?.status ?? 0)));
    this.box.scrollTop = 0;
  }

  /** @param {string} id */
  #mark(id) {
    this.box.closest(".explorer")?.toggleAttribute("data-open", id !== "");
    this.onShow(id);
  }

  /** No form of the pane needs a new page: neither one that asks nor one that changes. @param {SubmitEvent} event */
  #submit(event) {
    const form = event.target;
    if (!(form instanceof HTMLFormElement)) return;
    event.preventDefault();
    const body = bodyOf(form, event.submitter);
    if (form.method === "post") return this.#begin(form, body);
    const url = addressOf(form);
    for (const [name, text] of body) if (text) url.searchParams.append(name, text);
    void this.#show(url);
  }

  /** @param {HTMLFormElement} form @param {URLSearchParams} body */
  #begin(form, body) {
    const change = `${addressOf(form)} ${body}`;
    if (this.#sent.has(change)) return; // a second click while the first is on its way
    this.#sent.add(change);
    void this.steps.add(() => this.#make(form, body)).finally(() => this.#sent.delete(change));
  }

  /** @param {HTMLFormElement} form @param {URLSearchParams} body */
  async #make(form, body) {
    const led = await sendChange(addressOf(form), body);
    await letGo();
    if (typeof led === "string") return this.#complain(led);
    this.box.scrollTop = 0;
    if (!led.isDone) return void swap(this.box, `<section class="pane" id="pane" tabindex="-1">${mainOf(led.html)}</section>`);
    const was = new URL(location.href).searchParams.get(KEY);
    const id = led.url.searchParams.get(KEY) ?? "";
    history.pushState({}, "", led.url);
    clear(form);
    swapPart(this.box, led.html);
    this.#mark(id);
    if (id !== was || addressOf(form).pathname.endsWith("/undo") || !this.box.querySelector(".pane-head")) this.onKeys();
  }

  /** Says what went wrong, and leaves all else as it is. @param {string} words */
  #complain(words) {
    const place = document.getElementById("pane-trouble") ?? document.createElement("p");
    Object.assign(place, { id: "pane-trouble", className: "note note-danger", role: "alert", textContent: words });
    this.box.prepend(place);
    this.box.scrollTop = 0;
  }

  /** A link to another part of the value, or back to the list, needs no new page. @param {MouseEvent} event */
  #click(event) {
    const link = /** @type {HTMLElement} */ (event.target).closest("a");
    const here = new URL(location.href);
    if (!link || link.target || link.hasAttribute("download") || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const url = new URL(link.href);
    if (url.pathname !== here.pathname || url.origin !== here.origin) return;
    event.preventDefault();
    void this.#show(url);
  }
}

/** Leaves out of an address what belongs to one value. @param {URL} url */
function forget(url) {
  for (const name of [...url.searchParams.keys()]) if (OF_VALUE.test(name)) url.searchParams.delete(name);
}
