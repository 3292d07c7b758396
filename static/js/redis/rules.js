// The line of rules of a server's user, such as "+@read -@dangerous +config|get": the later rule wins.

/** What the rules are about, each once. @param {string} line */
export function subjectsOf(line) {
  return [...new Set(rulesOf(line).map((rule) => rule.slice(1)))];
}

/** Whether the last rule about it allows or forbids. @param {string} line @param {string} subject */
export function signOf(line, subject) {
  const last = rulesOf(line).filter((rule) => rule.slice(1) === subject).at(-1);
  return last === undefined ? "" : last.startsWith("+") ? "+" : "-";
}

/** The line once the switch of *subject* is pressed: allowed, forbidden, gone. @param {string} line @param {string} subject */
export function flipped(line, subject) {
  const sign = signOf(line, subject);
  const words = line.split(/\s+/).filter((word) => word && !isAbout(word, subject));
  if (sign === "") words.push(`+${subject}`);
  if (sign === "+") words.push(`-${subject}`);
  return words.join(" ");
}

/** @param {string} line */
function rulesOf(line) {
  return line.toLowerCase().split(/\s+/).filter((word) => /^[+-]./.test(word));
}

/** @param {string} word @param {string} subject */
function isAbout(word, subject) {
  return /^[+-]/.test(word) && word.slice(1).toLowerCase() === subject;
}
