// Lines of a body that is still coming, such as JSON Lines.

/**
 * Yields the whole lines of each part of `body` as it comes, without the empty ones; a line cut off at the end is left out.
 *
 * @param {NonNullable<Response["body"]>} body
 * @returns {AsyncGenerator<string[], void>}
 */
export async function* linesOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const lines = (rest + part.value).split("\n");
    rest = lines.pop() ?? "";
    yield lines.filter(Boolean);
  }
}
