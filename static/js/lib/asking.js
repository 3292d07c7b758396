// How long a page that asks again and again waits before it does: longer than usual when many ask.

const SPREAD = 0.2; // pages that were opened together shall not ask together

/**
 * The milliseconds until the next question: `usualMs`, more when the last answer says so in `Poll-After`.
 *
 * @param {Response | null} answer
 * @param {number} usualMs
 */
export function pauseMs(answer, usualMs) {
  const toldMs = Number(answer?.headers.get("Poll-After") ?? 0) * 1000;
  return Math.max(usualMs, toldMs) * (1 - SPREAD / 2 + Math.random() * SPREAD);
}

/**
 * Returns when the next question may be asked; see `pauseMs`.
 *
 * @param {Response | null} answer
 * @param {number} usualMs
 */
export function untilNext(answer, usualMs) {
  return new Promise((resolve) => setTimeout(resolve, pauseMs(answer, usualMs)));
}
