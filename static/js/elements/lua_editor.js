// <lua-editor line="3"><textarea>...</textarea></lua-editor>: line numbers, Lua in colours, Tab indents,
// Ctrl+Enter sends the form; the line that failed is marked. The textarea stays what is edited and sent.

const WORDS =
  /(--\[\[[\s\S]*?\]\]|--[^\n]*)|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\[\[[\s\S]*?\]\])|\b(\d[\w.]*)\b|\b(and|break|do|else|elseif|end|false|for|function|if|in|local|nil|not|or|repeat|return|then|true|until|while)\b|\b(redis|cjson|cmsgpack|bit|struct|KEYS|ARGV|math|string|table)\b/g;
const KINDS = ["comment", "text", "number", "word", "name"];

class LuaEditor extends HTMLElement {
  connectedCallback() {
    const field = this.querySelector("textarea");
    if (!field) return;
    this.field = field;
    this.numbers = document.createElement("pre");
    this.paper = document.createElement("pre");
    this.numbers.className = "lua-numbers mono";
    this.paper.className = "lua-paper mono";
    for (const layer of [this.numbers, this.paper]) layer.setAttribute("aria-hidden", "true");
    this.prepend(this.numbers, this.paper);
    field.addEventListener("input", () => this.#draw());
    field.addEventListener("scroll", () => this.#follow());
    field.addEventListener("keydown", (event) => this.#press(event));
    this.dataset.ready = "";
    this.#draw();
  }

  #draw() {
    if (!this.field || !this.paper || !this.numbers) return;
    const text = this.field.value;
    const bad = Number(this.getAttribute("line"));
    const lines = text.split("\n").length;
    const numbers = document.createDocumentFragment();
    for (let line = 1; line <= lines; line += 1) numbers.append(part(`${line}\n`, line === bad ? "bad" : ""));
    this.numbers.replaceChildren(numbers);
    this.paper.replaceChildren(coloured(text));
    this.#follow();
  }

  #follow() {
    if (!this.field || !this.paper || !this.numbers) return;
    this.paper.scrollTop = this.numbers.scrollTop = this.field.scrollTop;
    this.paper.scrollLeft = this.field.scrollLeft;
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const field = this.field;
    if (!field) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      field.form?.requestSubmit();
    } else if (event.key === "Tab" && !event.shiftKey && field.selectionStart === field.selectionEnd) {
      event.preventDefault();
      field.setRangeText("  ", field.selectionStart, field.selectionEnd, "end");
      this.#draw();
    } else if (event.key === "Escape") {
      field.blur(); // the way out for those who move by Tab
    }
  }
}

/** @param {string} text */
function coloured(text) {
  const drawn = document.createDocumentFragment();
  let at = 0;
  for (const match of text.matchAll(WORDS)) {
    const kind = KINDS[match.slice(1).findIndex((group) => group !== undefined)];
    drawn.append(text.slice(at, match.index), part(match[0], kind));
    at = match.index + match[0].length;
  }
  drawn.append(`${text.slice(at)}\n`);
  return drawn;
}

/** @param {string} text @param {string} kind */
function part(text, kind) {
  if (!kind) return text;
  const piece = document.createElement("span");
  piece.className = `lua-${kind}`;
  piece.textContent = text;
  return piece;
}

customElements.define("lua-editor", LuaEditor);
