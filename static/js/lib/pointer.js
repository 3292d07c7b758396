// Whether a finger or a button of the mouse is down: what is under it must not move then, or the click goes astray.

let isDown = false;
/** @type {(() => void)[]} */
let waiting = [];

const anywhere = { capture: true, passive: true };
addEventListener("pointerdown", () => (isDown = true), anywhere);
addEventListener("pointerup", release, anywhere);
addEventListener("pointercancel", release, anywhere);
addEventListener("blur", release);
// no button is down any more, and nobody said so: a scroll bar was let go
addEventListener("pointermove", ({ buttons }) => isDown && !buttons && release(), anywhere);

/**
 * Waits until nothing is pressed: before the page is changed under somebody's hand.
 *
 * @returns {Promise<void>}
 */
export function letGo() {
  return isDown ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve();
}

function release() {
  setTimeout(() => {
    isDown = false;
    for (const resolve of waiting) resolve();
    waiting = [];
  }); // after the click that the release makes
}
