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

/** @type {[number, number, string][]} below so many milliseconds, milliseconds a unit, its name */
const LIVES = [
  [1_000, 1, "ms"],
  [60_000, 1_000, "s"],
  [3_600_000, 60_000, "min"],
  [172_800_000, 3_600_000, "h"],
];

/**
 * Returns a span of time as people say it: 45 s, 12 min, 30 h, 12 days.
 *
 * @param {number} ms
 */
export function lifetime(ms) {
  const step = LIVES.find(([below]) => ms < below);
  return step ? `${Math.floor(ms / step[1])} ${step[2]}` : counted(Math.floor(ms / 86_400_000), "day");
}

/**
 * Returns so many seconds in its two largest units: 7 s, 2 min 5 s, 3 h 20 min, 12 days.
 *
 * @param {number} seconds
 */
export function span(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 172_800) return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
  return counted(Math.floor(whole / 86_400), "day");
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
