// The box that publishes: sends its message and stays, so that what comes of it is seen on the same page.

import { byId } from "../lib/dom.js";
import { swapPart } from "../lib/swap.js";

/** Lets the form `#publish-form` send without leaving the page. */
export function publishesInPlace() {
  const form = document.getElementById("publish-form");
  if (!(form instanceof HTMLFormElement)) return;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void publish(form);
  });
}

/** @param {HTMLFormElement} form */
async function publish(form) {
  const state = byId("publish-state");
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form) }).catch(() => null);
  if (!answer) {
    state.textContent = "The site does not answer. The message may have been sent.";
    return;
  }
  const html = await answer.text();
  const page = new DOMParser().parseFromString(html, "text/html");
  const told = page.querySelector("main .notes .note-body") ?? page.querySelector("main p");
  const isSignedOut = answer.ok && !page.getElementById("publish-form");
  state.textContent = isSignedOut ? "You are signed out. Sign in and come back." : (told?.textContent?.trim() ?? "");
  if (!answer.ok || isSignedOut) return;
  swapPart(byId("listeners"), html);
  byId("message", HTMLInputElement).value = "";
  byId("message").focus();
}
