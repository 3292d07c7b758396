// Forms that change something: sent without leaving the page when all goes well, as plain forms when not.

/** @typedef {{url: URL, html: string}} Followed the page that a change led to */

/**
 * Sends `form` as its button would and returns the page that it leads to. What was refused is sent again as
 * a plain form, whose page says why and holds what was typed; then null is returned.
 *
 * @param {HTMLFormElement} form
 * @param {HTMLElement | null} button
 * @returns {Promise<Followed | null>}
 */
export async function sendChange(form, button) {
  const body = new URLSearchParams();
  for (const [name, text] of new FormData(form, button)) body.append(name, String(text));
  const answer = await fetch(addressOf(form), { method: "POST", body }).catch(() => null);
  const url = new URL(answer?.url ?? location.href);
  if (answer?.ok && answer.redirected && url.pathname === location.pathname) {
    return { url, html: await answer.text() };
  }
  sendPlainly(form, button);
  return null;
}

/** Returns where a form is sent; `form.action` is its field of that name where it has one. @param {HTMLFormElement} form */
export function addressOf(form) {
  return new URL(form.getAttribute("action") ?? "", location.href);
}

/** @param {HTMLFormElement} form @param {HTMLElement | null} button */
function sendPlainly(form, button) {
  if (button instanceof HTMLButtonElement && button.name) {
    const chosen = Object.assign(document.createElement("input"), { type: "hidden", name: button.name, value: button.value });
    form.append(chosen);
  }
  form.submit();
}

/** Leaves a form as it was before it was filled in, and its fold closed. @param {HTMLFormElement} form */
export function clear(form) {
  form.reset();
  form.closest("details.change-fold")?.removeAttribute("open");
}
