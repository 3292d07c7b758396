// Sends the rows of a list, each in a request of its own; several become one batch.

import { send } from "./send.js";

const AT_ONCE = 3;

/** @typedef {import("./file_row.js").FileRow} FileRow */

/** Everything else would be refused for the same reason: sending stops. */
export class Stopped extends Error {
  /** @param {string} message @param {string} code */
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

export class Sender {
  batch = "";
  /** The last job that was taken. */
  job = "";
  #abort = new AbortController();

  /**
   * @param {string} url
   * @param {{token: string, onProgress: () => void}} options
   */
  constructor(url, { token, onProgress }) {
    this.url = url;
    this.token = token;
    this.onProgress = onProgress;
  }

  /** Begins anew: what is sent next joins nothing that was taken before. */
  forget() {
    this.batch = this.job = "";
  }

  /** Ends what is on its way; what was taken stays. */
  stop() {
    this.#abort.abort();
  }

  /**
   * Sends `rows` with the recipe of `fields`; the first that is taken makes the batch of several.
   *
   * @param {FileRow[]} rows
   * @param {[string, string][]} fields
   * @param {{isBatch: boolean}} options
   */
  async sendAll(rows, fields, { isBatch }) {
    this.#abort = new AbortController();
    const left = [...rows];
    for (const row of left) row.reset();
    while (left.length && isBatch && !this.batch) await this.#sendOne(left, fields, "new");
    const lanes = Array.from({ length: AT_ONCE }, async () => {
      while (left.length) await this.#sendOne(left, fields, this.batch);
    });
    try {
      await Promise.all(lanes);
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  /** @param {FileRow[]} left @param {[string, string][]} fields @param {string} batch */
  async #sendOne(left, fields, batch) {
    const row = left.shift();
    if (!row || this.#abort.signal.aborted) return;
    row.showSending(0);
    const answer = await send(this.url, formOf(row.file, batch ? [...fields, ["batch", batch]] : fields), {
      token: this.token,
      key: row.key + encodeURIComponent(JSON.stringify(fields)),
      signal: this.#abort.signal,
      onProgress: (bytes) => (row.showSending(bytes), this.onProgress()),
    });
    this.#settle(row, answer);
    this.onProgress();
  }

  /** @param {FileRow} row @param {import("./send.js").Answer} answer */
  #settle(row, { status, body }) {
    if (this.#abort.signal.aborted && status === 0) return row.reset();
    if (status === 202) {
      [this.job, this.batch] = [body.id, body.batch ?? this.batch];
      return row.showSent();
    }
    const words = body?.detail ?? "The connection broke. Send it again: it is not taken twice.";
    const isOfFile = status === 413 || status === 415 || status === 422;
    row.showError(words, { isFinal: isOfFile });
    if (status !== 0 && !isOfFile) throw new Stopped(words, body?.code ?? "");
  }
}

/** @param {File} file @param {[string, string][]} fields */
function formOf(file, fields) {
  const form = new FormData();
  for (const [name, value] of fields) form.append(name, value);
  form.append("image", file, file.name);
  return form;
}
