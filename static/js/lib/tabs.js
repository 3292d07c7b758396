// The tabs of one browser that have this site open: they talk, and one at a time holds what is scarce.

/** @template Message */
export class Tabs {
  /** @type {AbortController | null} */ #claim = null;
  /** @type {BroadcastChannel | null} */ #channel = null;

  /**
   * @param {string} name of the channel and of the lock
   * @param {(message: Message) => void} onMessage hears what the other tabs say
   */
  constructor(name, onMessage) {
    this.name = name;
    if ("BroadcastChannel" in globalThis) this.#channel = new BroadcastChannel(name);
    this.#channel?.addEventListener("message", ({ data }) => onMessage(data));
  }

  /** @param {Message} message */
  say(message) {
    this.#channel?.postMessage(message);
  }

  /**
   * Calls `take` once no other tab holds it; a second claim before `release()` does nothing.
   *
   * Browsers have locks on https and on localhost only: elsewhere every tab takes at once.
   * @param {() => void} take
   */
  claim(take) {
    if (this.#claim) return;
    const claim = (this.#claim = new AbortController());
    const released = new Promise((resolve) => claim.signal.addEventListener("abort", resolve));
    const hold = () => (take(), released);
    if (!navigator.locks) take();
    else navigator.locks.request(this.name, { signal: claim.signal }, hold).catch(ignoreAbort);
  }

  /** Gives back what was claimed, had or not. */
  release() {
    this.#claim?.abort();
    this.#claim = null;
  }

  close() {
    this.release();
    this.#channel?.close();
    this.#channel = null;
  }
}

/** @param {Error} error */
function ignoreAbort(error) {
  if (error.name !== "AbortError") throw error;
}
