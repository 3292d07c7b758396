// Says how a page is kept up to date, and when it last was.

/** @type {Record<import("./live.js").State, string>} */
const WORDS = {
  live: "live",
  polling: "asks every few seconds",
  offline: "the server does not answer; trying again",
  paused: "paused",
  gone: "",
};

export class LiveNote {
  /** @type {import("./live.js").State} */
  #state = "live";
  #at = new Date();

  /** Remembers that news came now. */
  stamp() {
    this.#at = new Date();
    this.#write();
  }

  /** @param {import("./live.js").State} state */
  show(state) {
    this.#state = state;
    this.#write();
    document.getElementById("live-pause")?.toggleAttribute("hidden", state === "paused");
    document.getElementById("live-resume")?.toggleAttribute("hidden", state !== "paused");
  }

  #write() {
    const place = document.getElementById("live-words");
    if (!place) return;
    const isWell = this.#state === "live" || this.#state === "polling";
    const how = isWell && "short" in place.dataset ? "" : `${WORDS[this.#state]}, `;
    place.textContent = `${how}updated ${this.#at.toLocaleTimeString("en-GB")}`;
  }
}
