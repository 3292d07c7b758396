// Sends one form with upload progress, which fetch() does not tell.

/** @typedef {{status: number, body: any}} Answer status 0: nothing came back */

/**
 * Sends `form` to `url`; the promise never fails. With the same `key` again the server makes nothing twice.
 *
 * @param {string} url
 * @param {FormData} form
 * @param {{token: string, key: string, signal: AbortSignal, onProgress: (sentBytes: number) => void}} options
 * @returns {Promise<Answer>}
 */
export function send(url, form, { token, key, signal, onProgress }) {
  const request = new XMLHttpRequest();
  request.open("POST", url);
  request.responseType = "json";
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("X-CSRFToken", token);
  request.setRequestHeader("Idempotency-Key", key);
  request.upload.addEventListener("progress", ({ loaded }) => onProgress(loaded));
  signal.addEventListener("abort", () => request.abort());
  return new Promise((resolve) => {
    request.addEventListener("loadend", () => resolve({ status: request.status, body: request.response ?? {} }));
    request.send(form);
  });
}
