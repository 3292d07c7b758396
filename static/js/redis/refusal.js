// What the site says when it does not do what was asked.

/**
 * Returns why `answer` is none: the sentence of its error page, `otherwise` where that has none.
 *
 * @param {Response} answer
 * @param {string} [otherwise]
 */
export async function reasonOf(answer, otherwise = `The site answered ${answer.status}.`) {
  if (answer.redirected) return "You are signed out. Sign in and come back.";
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector(".error-message, main .note-danger .note-body")?.textContent?.trim() || otherwise;
}

/** Shows words in an error's place; without words the place is hidden. @param {HTMLElement} place @param {string} words */
export function showError(place, words) {
  place.hidden = !words;
  const text = place.querySelector(".error-words");
  if (text) text.textContent = words;
}

/** Returns what a whole page is about. @param {string} html */
export function mainOf(html) {
  return new DOMParser().parseFromString(html, "text/html").querySelector("main")?.innerHTML ?? "";
}

/** Returns a pane that says why there is none; status 0 is no answer at all. @param {number} status */
export function failed(status) {
  const why = status ? `The server answered ${status}.` : "The server does not answer.";
  return `<section class="pane" id="pane" tabindex="-1"><p class="soft">${why} Nothing was changed; open the key again.</p></section>`;
}
