// How numbers read; the same words as the server's filters.

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** @type {[number, number, string][]} below so many seconds, seconds a unit, its name */
const STEPS = [
  [60, 1, "s"],
  [3_600, 60, "min"],
  [86_400, 3_600, "h"],
];

/**
 * Returns `bytes` as people read it: 6.3 kB, 253 kB, 12 MB.
 *
 * @param {number} bytes
 */
export function fileSize(bytes) {
  let [size, unit] = [bytes, 0];
  for (; size >= 999.5 && unit < UNITS.length - 1; unit += 1) size /= 1000;
  return `${size.toFixed(unit && size < 9.95 ? 1 : 0)} ${UNITS[unit]}`;
}

/**
 * Returns how long ago that was: just now, 2 min ago, 3 days ago.
 *
 * @param {number} seconds
 */
export function ago(seconds) {
  if (seconds < 5) return "just now";
  const step = STEPS.find(([below]) => seconds < below);
  if (step) return `${Math.floor(seconds / step[1])} ${step[2]} ago`;
  return `${counted(Math.floor(seconds / 86_400), "day")} ago`;
}

/**
 * Returns the number with its noun: 1 picture, 12 pictures.
 *
 * @param {number} number
 * @param {string} noun
 */
export function counted(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
