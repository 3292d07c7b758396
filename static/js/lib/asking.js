// How long a page that asks again and again waits before it does: longer than usual when many ask.

const SPREAD = 0.2; // pages that were opened together shall not ask together

/**
 * Returns after `usualMs`, later when the last answer says so in `Poll-After`.
 *
 * @param {Response | null} answer
 * @param {number} usualMs
 */
export function untilNext(answer, usualMs) {
  const toldMs = Number(answer?.headers.get("Poll-After") ?? 0) * 1000;
  const waitMs = Math.max(usualMs, toldMs) * (1 - SPREAD / 2 + Math.random() * SPREAD);
  return new Promise((resolve) => setTimeout(resolve, waitMs));
}
