// One event stream, and what can be known about its health.

const LIFE_MS = 90_000; // the server ends a stream each minute: an older one lost its network unnoticed

export class Stream {
  /**
   * @param {string} url
   * @param {object} options
   * @param {string[]} options.topics names of the events to pass on
   * @param {(topic: string, payload: any) => void} options.onEvent
   * @param {() => void} options.onReset something was missed: fetch the state
   * @param {() => void} options.onOpen also each time it is back after a gap
   * @param {() => void} options.onGap it ended and the browser tries again by itself
   * @param {() => void} options.onRefused it is refused (204, 404, 503 ...) and will not be tried again
   */
  constructor(url, { topics, onEvent, onReset, onOpen, onGap, onRefused }) {
    const source = (this.source = new EventSource(url));
    this.openedAt = Date.now();
    source.onopen = () => {
      this.openedAt = Date.now();
      onOpen();
    };
    source.onerror = () => (source.readyState === EventSource.CLOSED ? onRefused() : onGap());
    source.addEventListener("reset", onReset);
    for (const topic of topics) {
      source.addEventListener(topic, (event) => onEvent(topic, JSON.parse(event.data)));
    }
  }

  get isOpen() {
    return this.source.readyState === EventSource.OPEN;
  }

  get isLost() {
    return Date.now() - this.openedAt > LIFE_MS;
  }

  close() {
    this.source.close();
  }
}
