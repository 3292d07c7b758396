// The bar between list and key: dragged, or moved by arrow keys; the width is remembered in the browser.

const NAME = "thumbapp_keys_width";
const STEP = 24;
const [LEAST, MOST] = [280, 1_400];

/** @param {HTMLElement} bar */
export function splitWith(bar) {
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets.push(sheet);
  let width = Number(localStorage.getItem(NAME)) || 0;

  /** @param {number} wanted */
  const set = (wanted) => {
    width = Math.round(Math.max(LEAST, Math.min(MOST, wanted)));
    sheet.replaceSync(`.explorer { --keys-width: ${width}px }`);
    bar.setAttribute("aria-valuenow", String(width));
    localStorage.setItem(NAME, String(width));
  };
  const now = () => bar.previousElementSibling?.getBoundingClientRect().width ?? LEAST;
  if (width) set(width);
  bar.setAttribute("aria-valuemin", String(LEAST));
  bar.setAttribute("aria-valuemax", String(MOST));
  bar.setAttribute("aria-valuenow", String(Math.round(now())));

  bar.addEventListener("pointerdown", (event) => {
    bar.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  bar.addEventListener("pointermove", (event) => {
    if (bar.hasPointerCapture(event.pointerId)) set(event.clientX - (bar.previousElementSibling?.getBoundingClientRect().left ?? 0));
  });
  bar.addEventListener("keydown", ({ key }) => {
    if (key === "ArrowLeft") set(now() - STEP);
    if (key === "ArrowRight") set(now() + STEP);
  });
}
