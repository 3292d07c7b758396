// Puts server-made HTML in place of what it replaces, changing only what differs: focus, open folds,
// loaded pictures and scroll position stay. Elements are known again by their id, fields by their name.

/**
 * Makes `target` equal to the one element in `html`.
 *
 * @param {Element} target
 * @param {string} html
 */
export function swap(target, html) {
  const fresh = fragment(html).firstElementChild;
  if (!fresh) return;
  const focused = document.activeElement;
  const hadFocus = target.contains(focused);
  morph(target, fresh);
  if (hadFocus && !focused?.isConnected) target.querySelector("h1")?.focus();
}

/**
 * Makes each element of the page whose id is in `html` equal to the one there.
 *
 * @param {string} html
 */
export function swapAll(html) {
  for (const fresh of [...fragment(html).children]) {
    const target = document.getElementById(fresh.id);
    if (target) morph(target, fresh);
  }
}

/**
 * Makes `target` equal to the element of the same id in the whole page `html`; returns whether it has one.
 *
 * @param {Element} target
 * @param {string} html
 */
export function swapPart(target, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById(target.id);
  if (fresh) morph(target, document.importNode(fresh, true));
  return fresh !== null;
}

/**
 * Returns what `html` holds, not yet in the page.
 *
 * @param {string} html
 */
export function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return document.importNode(template.content, true);
}

/** @param {ChildNode} old @param {ChildNode} fresh */
function morph(old, fresh) {
  if (!isSame(old, fresh)) {
    old.replaceWith(fresh);
  } else if (old instanceof Element && fresh instanceof Element) {
    if (old.hasAttribute("data-keep")) return;
    copyAttributes(old, fresh);
    morphChildren(old, fresh);
  } else if (old.nodeValue !== fresh.nodeValue) {
    old.nodeValue = fresh.nodeValue;
  }
}

/** @param {ChildNode | null} old @param {ChildNode} fresh */
function isSame(old, fresh) {
  if (!old || old.nodeName !== fresh.nodeName) return false;
  return !(old instanceof Element && fresh instanceof Element) || keyOf(old) === keyOf(fresh);
}

/** What it is known by, "" when only by its place; a field made another would keep what was typed. @param {Element} element */
function keyOf(element) {
  if (element.id || !element.matches("input, select, textarea, button[name]")) return element.id;
  const { name, type, value } = /** @type {HTMLInputElement} */ (element);
  return `${type} ${name} ${/^(radio|checkbox|submit)$/.test(type) ? value : ""}`;
}

/** @param {Element} old @param {Element} fresh */
function copyAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    const isUsers = old instanceof HTMLDetailsElement && name === "open";
    if (!fresh.hasAttribute(name) && !isUsers) old.removeAttribute(name);
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

/** @param {Element} old @param {Element} fresh */
function morphChildren(old, fresh) {
  const known = keep(old, new Set([...fresh.children].map(keyOf)));
  let cursor = old.firstChild;
  for (const next of [...fresh.childNodes]) {
    const match = findMatch(next, cursor, known);
    if (!match) {
      if (next instanceof Element) next.toggleAttribute("data-new", true);
      old.insertBefore(next, cursor);
      continue;
    }
    while (match !== cursor && cursor instanceof Text) cursor = after(cursor);
    if (match === cursor) cursor = cursor.nextSibling;
    else old.insertBefore(match, cursor);
    morph(match, next);
  }
  while (cursor) cursor = after(cursor);
}

/**
 * Takes out of `old` what is known by a key and not `wanted`; returns the others of a key, the first of each.
 *
 * @param {Element} old
 * @param {Set<string>} wanted
 */
function keep(old, wanted) {
  /** @type {Map<string, Element>} */
  const known = new Map();
  for (const child of [...old.children]) {
    const key = keyOf(child);
    if (key && !wanted.has(key)) child.remove();
    else if (key && !known.has(key)) known.set(key, child);
  }
  return known;
}

/** Removes a node and returns the one after it. @param {ChildNode} gone */
function after(gone) {
  const next = gone.nextSibling;
  gone.remove();
  return next;
}

/**
 * Returns the child that `next` is the new state of; each is found once.
 *
 * @param {ChildNode} next
 * @param {ChildNode | null} cursor
 * @param {Map<string, Element>} known
 */
function findMatch(next, cursor, known) {
  const key = next instanceof Element ? keyOf(next) : "";
  if (!key) return isSame(cursor, next) ? cursor : null;
  const match = known.get(key) ?? null;
  known.delete(key);
  return match;
}
