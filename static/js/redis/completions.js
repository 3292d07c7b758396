// What a line may become, as choices.

/** Returns a choice to click. @param {string} line */
export function option(line) {
  const item = document.createElement("li");
  item.setAttribute("role", "option");
  item.textContent = line;
  return item;
}

/** Returns what all of `lines` begin with. @param {string[]} lines */
export function begin(lines) {
  const [first = "", ...others] = lines;
  let end = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, end))) end -= 1;
  return first.slice(0, end);
}
