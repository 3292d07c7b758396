// Forms that change something, sent without leaving the page: once, whatever comes of it.

import { reasonOf } from "./refusal.js";

/** @typedef {{url: URL, html: string, isDone: boolean}} Followed the page that a change led to; one that was not done says why */

const UNKNOWN = "The site did not answer, so it is not known whether this was done. What you typed is still here; open the key again to see.";

/**
 * Sends a change and returns the page that it led to, or why there is none in words.
 *
 * @param {URL} url
 * @param {URLSearchParams} body
 * @returns {Promise<Followed | string>}
 */
export async function sendChange(url, body) {
  try {
    const answer = await fetch(url, { method: "POST", body });
    const led = new URL(answer.url);
    if (answer.redirected && led.pathname !== location.pathname) return await reasonOf(answer);
    return { url: led, html: await answer.text(), isDone: answer.ok && answer.redirected };
  } catch {
    return UNKNOWN;
  }
}

/** Returns what a form sends when `button` is pressed. @param {HTMLFormElement} form @param {HTMLElement | null} button */
export function bodyOf(form, button) {
  const body = new URLSearchParams();
  for (const [name, text] of new FormData(form, button)) body.append(name, String(text));
  return body;
}

/** Returns where a form is sent; `form.action` is its field of that name where it has one. @param {HTMLFormElement} form */
export function addressOf(form) {
  return new URL(form.getAttribute("action") ?? "", location.href);
}

/** Leaves a form as it was before it was filled in, and its fold closed. @param {HTMLFormElement} form */
export function clear(form) {
  form.reset();
  form.closest("details.change-fold")?.removeAttribute("open");
}
