// Tells people who listen to the page what they cannot see happen.

/** @param {string} words */
export function announce(words) {
  const place = document.getElementById("announcer");
  if (!place) return;
  place.textContent = "";
  requestAnimationFrame(() => (place.textContent = words));
}
