// Things that are done one after another, in the order in which they were asked for.

export class Steps {
  #waiting = 0;
  /** @type {Promise<unknown>} */ #last = Promise.resolve();

  /** @param {(isBusy: boolean) => void} onBusy hears whether something is still to be done */
  constructor(onBusy) {
    this.onBusy = onBusy;
  }

  /**
   * Does `step` once all before it is done, well or not.
   *
   * @param {() => unknown} step
   */
  async add(step) {
    this.#waiting += 1;
    this.onBusy(true);
    const mine = this.#last.then(step).finally(() => this.onBusy((this.#waiting -= 1) > 0));
    this.#last = mine.catch(() => {});
    await mine;
  }
}
