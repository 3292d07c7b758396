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
  return page.querySelector(".error-message")?.textContent?.trim() || otherwise;
}

/** Shows words in an error's place; without words the place is hidden. @param {HTMLElement} place @param {string} words */
export function showError(place, words) {
  place.hidden = !words;
  const text = place.querySelector(".error-words");
  if (text) text.textContent = words;
}
