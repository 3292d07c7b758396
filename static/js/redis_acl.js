// The page of the server's users: a switch for each category and each command of the line of rules.

import { followServer, submitsOnChange } from "./redis/head.js";
import { flipped, signOf, subjectsOf } from "./redis/rules.js";

const WORDS = { "+": "allowed", "-": "forbidden", "": "not named" };

submitsOnChange();
followServer();
const place = document.getElementById("rules");
const field = document.getElementById("commands");
if (place && field instanceof HTMLInputElement) {
  const categories = [...place.querySelectorAll("code")].map((code) => code.textContent);
  const redraw = () => draw(place, field, categories);
  field.addEventListener("input", redraw);
  place.addEventListener("click", (event) => {
    const subject = event.target instanceof HTMLElement ? event.target.dataset.subject : undefined;
    if (!subject) return;
    field.value = flipped(field.value, subject);
    redraw();
    const button = place.querySelector(`[data-subject="${CSS.escape(subject)}"]`);
    if (button instanceof HTMLElement) button.focus();
  });
  redraw();
}

/** @param {HTMLElement} place @param {HTMLInputElement} field @param {string[]} categories */
function draw(place, field, categories) {
  const subjects = new Set([...categories, ...subjectsOf(field.value)]);
  place.replaceChildren(...[...subjects].map((subject) => switchOf(subject, signOf(field.value, subject))));
}

/** @param {string} subject @param {"+" | "-" | ""} sign */
function switchOf(subject, sign) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "chip";
  button.dataset.subject = subject;
  button.dataset.sign = sign;
  button.textContent = sign + subject;
  button.setAttribute("aria-label", `${subject}: ${WORDS[sign]}`);
  const item = document.createElement("li");
  item.append(button);
  return item;
}
