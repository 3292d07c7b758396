// The second pane: a command that waits, read line by line from a request that stays open.

import { byId, copyOf } from "../lib/dom.js";
import { linesOf } from "../lib/lines.js";
import { reasonOf } from "./refusal.js";

const MOST_ENTRIES = 500;

/** @typedef {{kind: "waiting" | "reply" | "error" | "ended", text: string, waited_s: number}} Told */

export class WaitPane {
  #id = "";
  /** @type {AbortController | null} */ #open = null;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.form = byId("wait-form", HTMLFormElement);
    this.log = byId("wait-log");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#start();
    });
    byId("wait-stop").addEventListener("click", () => void this.#stop());
    window.addEventListener("pagehide", () => this.#open?.abort());
  }

  /** Puts `line` into the pane, ready to wait. @param {string} line */
  offer(line) {
    byId("wait-line", HTMLInputElement).value = line;
    byId("wait-start").focus();
    this.root.scrollIntoView({ block: "nearest" });
  }

  async #start() {
    if (this.#open) return;
    this.#open = new AbortController();
    this.#id = crypto.getRandomValues(new Uint32Array(4)).join("-");
    this.#set(true, "waiting");
    const form = new FormData(this.form);
    form.set("wait", this.#id);
    try {
      const answer = await fetch(this.root.dataset.start ?? "", { method: "POST", body: form, signal: this.#open.signal });
      if (!answer.ok || answer.redirected || !answer.body) this.#set(false, await reasonOf(answer));
      else await this.#read(answer.body);
    } catch {
      this.#set(false, "the connection was lost; what came meanwhile is lost too");
    }
    this.#open = null;
  }

  /** @param {NonNullable<Response["body"]>} body */
  async #read(body) {
    for await (const lines of linesOf(body)) for (const line of lines) this.#take(JSON.parse(line));
    this.#set(false, "ended");
  }

  /** @param {Told} told */
  #take(told) {
    if (told.kind === "waiting" || told.kind === "ended") return;
    this.log.hidden = false;
    const entry = copyOf("wait-entry");
    const reply = entry.querySelector(".reply");
    const facts = entry.querySelector(".entry-facts");
    if (!reply || !facts) return;
    reply.textContent = told.text;
    reply.classList.toggle("reply-error", told.kind === "error");
    facts.textContent = told.kind === "reply" ? `after ${told.waited_s.toFixed(2)} s` : "";
    this.log.append(entry);
    while (this.log.children.length > MOST_ENTRIES) this.log.firstElementChild?.remove();
    this.log.scrollTop = this.log.scrollHeight;
  }

  async #stop() {
    const form = new FormData();
    form.set("wait", this.#id);
    form.set("csrf_token", String(new FormData(this.form).get("csrf_token")));
    this.#set(true, "stopping");
    const answer = await fetch(this.root.dataset.stop ?? "", { method: "POST", body: form }).catch(() => null);
    if (!answer?.ok) this.#open?.abort();
  }

  /**
   * @param {boolean} isWaiting
   * @param {string} words
   */
  #set(isWaiting, words) {
    byId("wait-start").hidden = isWaiting;
    byId("wait-stop").hidden = !isWaiting;
    byId("wait-state").textContent = words;
  }
}
