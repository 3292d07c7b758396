// One console: sends lines, shows what came of them, and follows how the console stands.

import { announce } from "../lib/announce.js";
import { byId } from "../lib/dom.js";
import { fragment, swapAll } from "../lib/swap.js";
import { ConsoleLine } from "./console_line.js";
import { reasonOf, showError } from "./refusal.js";

const MOST_ENTRIES = 200;

export class Console {
  #isBusy = false;

  /**
   * @param {HTMLElement} root
   * @param {{onWait?: (line: string) => void, onDone?: () => void}} [hears]
   */
  constructor(root, hears = {}) {
    this.root = root;
    this.hears = hears;
    this.transcript = byId("transcript");
    this.form = byId("console-form", HTMLFormElement);
    this.line = new ConsoleLine(byId("console-line", HTMLTextAreaElement), {
      completeUrl: () => root.dataset.complete ?? "",
      onRun: () => void this.#run(new FormData(this.form)),
      onClear: () => this.transcript.replaceChildren(),
    });
    this.form.addEventListener("submit", this.#submit);
    root.addEventListener("submit", this.#confirm);
    root.addEventListener("click", this.#click);
    this.#toEnd();
  }

  /** @param {SubmitEvent} event */
  #submit = (event) => {
    event.preventDefault();
    void this.#run(new FormData(this.form));
  };

  /** @param {SubmitEvent} event */
  #confirm = (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (!("consoleConfirm" in form.dataset)) return;
    event.preventDefault();
    form.querySelector("button")?.setAttribute("disabled", "");
    void this.#run(new FormData(form));
  };

  /** @param {MouseEvent} event */
  #click = (event) => {
    const target = /** @type {Element} */ (event.target).closest("[data-wait], [data-more]");
    if (!(target instanceof HTMLElement)) return;
    if (target.dataset.wait !== undefined) {
      event.preventDefault();
      this.hears.onWait?.(target.dataset.wait);
    } else {
      void this.#more(target);
    }
  };

  /** @param {FormData} form */
  async #run(form) {
    const line = String(form.get("line") ?? "");
    if (this.#isBusy || !line.trim()) return;
    this.#isBusy = true;
    this.line.remember(line);
    try {
      await this.#show(await fetch(this.root.dataset.run ?? "", { method: "POST", body: form }));
    } catch {
      this.#fail("The site does not answer. The line may have run; look before you send it again.");
    } finally {
      this.#isBusy = false;
      this.hears.onDone?.();
    }
  }

  /** @param {Response} answer */
  async #show(answer) {
    if (!answer.ok || answer.redirected) {
      return this.#fail(await reasonOf(answer, `The site answered ${answer.status}. Nothing is known of the line.`));
    }
    const told = /** @type {HTMLElement} */ (fragment(await answer.text()).firstElementChild);
    this.#fail("");
    byId("console-prompt").textContent = told.dataset.prompt ?? "";
    document.getElementById("console-hint")?.remove();
    const entries = [...told.querySelectorAll(".entry")];
    swapAll(told.querySelector("#console-queue")?.outerHTML ?? "");
    this.transcript.append(...entries);
    while (this.transcript.children.length > MOST_ENTRIES) this.transcript.firstElementChild?.remove();
    announce(entries.at(-1)?.querySelector(".reply")?.textContent?.slice(0, 200) ?? "");
    this.#toEnd();
    this.line.clear();
  }

  /** Adds the next lines of a long reply. @param {HTMLElement} button */
  async #more(button) {
    const { number = "", said = "", from = "" } = button.dataset;
    const query = new URLSearchParams({ console: String(new FormData(this.form).get("console")), number, said, from });
    const url = this.root.dataset.reply ?? "";
    const answer = await fetch(`${url}${url.includes("?") ? "&" : "?"}${query}`).catch(() => null);
    const reply = button.parentElement?.querySelector(".reply");
    if (!answer?.ok || !reply) return this.#fail("The rest of this reply is kept no more. Run the line again.");
    /** @type {{text: string, next: number | null}} */
    const told = await answer.json();
    reply.append(told.text);
    if (told.next === null) button.remove();
    else button.dataset.from = String(told.next);
  }

  /** @param {string} words */
  #fail(words) {
    showError(byId("console-error"), words);
  }

  #toEnd() {
    this.transcript.scrollTop = this.transcript.scrollHeight;
  }
}
