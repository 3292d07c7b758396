// A list of any length that holds only the lines that can be seen, between two spacers of the right height.

const BEYOND = 12; // lines above and below what can be seen
const NS = "http://www.w3.org/2000/svg";

/** @template T */
export class VirtualList {
  /** @type {T[]} */
  lines = [];
  #first = -1;
  #asked = false;
  /** @type {HTMLElement[]} */
  #rows = [];
  #above = spacer();
  #below = spacer();

  /**
   * @param {HTMLElement} box scrolls
   * @param {object} options
   * @param {() => HTMLElement} options.make makes an empty row
   * @param {(row: HTMLElement, line: T, at: number) => void} options.fill writes a line into a row
   */
  constructor(box, { make, fill }) {
    this.box = box;
    this.make = make;
    this.fill = fill;
    box.addEventListener("scroll", () => this.#soon(), { passive: true });
    new ResizeObserver(() => this.#soon()).observe(box);
  }

  /** The height of a line, read from the style: it differs on the phone. */
  get height() {
    return this.#rows[0]?.offsetHeight || 28;
  }

  /** How many lines can be seen at once. */
  get page() {
    return Math.max(1, Math.floor(this.box.clientHeight / this.height) - 1);
  }

  /** Shows other lines; the place in the list stays. @param {T[]} lines */
  show(lines) {
    this.lines = lines;
    if (!this.#above.isConnected) this.box.replaceChildren(this.#above, this.#below);
    this.#first = -1;
    this.#soon();
  }

  /** Writes what can be seen anew: what stands in a line has changed. */
  refresh() {
    this.#first = -1;
    this.#soon();
  }

  /** Scrolls as far as needed for a line to be seen. @param {number} at */
  reveal(at) {
    const [top, height] = [at * this.height, this.height];
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    else if (top + height > this.box.scrollTop + this.box.clientHeight) this.box.scrollTop = top + height - this.box.clientHeight;
    this.#draw();
  }

  #soon() {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.#draw();
    });
  }

  #draw() {
    if (!this.#above.isConnected) return;
    const { height } = this;
    const most = Math.ceil(this.box.clientHeight / height) + 2 * BEYOND;
    const wanted = Math.floor(this.box.scrollTop / height) - BEYOND;
    const first = Math.max(0, Math.min(wanted, this.lines.length - most));
    const count = Math.min(most, this.lines.length - first);
    if (first === this.#first && count === this.#rows.length) return;
    this.#first = first;
    this.#fit(count);
    this.#rows.forEach((row, at) => this.fill(row, this.lines[first + at], first + at));
    this.#above.setAttribute("height", String(first * height));
    this.#below.setAttribute("height", String((this.lines.length - first - count) * height));
  }

  /** Makes or drops rows until there are `count`. @param {number} count */
  #fit(count) {
    while (this.#rows.length > count) this.#rows.pop()?.remove();
    while (this.#rows.length < count) {
      const row = this.make();
      this.#rows.push(row);
      this.#below.before(row);
    }
  }
}

/** Returns an empty thing whose height is an attribute: the policy allows no inline style. */
function spacer() {
  const element = document.createElementNS(NS, "svg");
  element.setAttribute("class", "spacer");
  element.setAttribute("height", "0");
  element.setAttribute("aria-hidden", "true");
  return element;
}
