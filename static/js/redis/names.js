// Names of keys are bytes: here a string with a character a byte, shown as the server shows them.

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();
const PLAIN = /^[ -[\]-~]*$/; // printable ASCII without a backslash
const UNSEEN = /(?! )[\p{C}\p{Z}]/gu;

/** Returns the bytes of a key's id; of a name too long for one only how it begins. @param {string} id */
export function bytesOf(id) {
  if (isLong(id)) return bytesOf(id.slice(1).split(".")[0]);
  return id === "-" ? "" : atob(id.replace(/-/g, "+").replace(/_/g, "/"));
}

/** Whether a name is too long for its id to hold it. @param {string} id */
export function isLong(id) {
  return id.startsWith("~");
}

/** Returns the id of bytes. @param {string} bytes */
export function idOf(bytes) {
  return bytes === "" ? "-" : btoa(bytes).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** Returns the bytes of typed text. @param {string} text */
export function typedBytes(text) {
  return String.fromCharCode(...encoder.encode(text));
}

/** Returns bytes for people: UTF-8 as it is, all else as `\xNN`, a backslash doubled. @param {string} bytes */
export function shown(bytes) {
  if (PLAIN.test(bytes)) return bytes;
  const codes = Uint8Array.from(bytes, (char) => char.charCodeAt(0));
  return text(codes).replace(UNSEEN, (char) => [...encoder.encode(char)].map(escaped).join(""));
}

/** Returns the text of bytes, those that are no UTF-8 escaped one by one. @param {Uint8Array} codes */
function text(codes) {
  let result = "";
  for (let at = 0; at < codes.length; ) {
    const end = at + lengthOfChar(codes, at);
    const char = end > at ? lenient.decode(codes.subarray(at, end)) : escaped(codes[at]);
    result += char === "\\" ? "\\\\" : char;
    at = Math.max(end, at + 1);
  }
  return result;
}

/** Returns how many bytes the character at that place has, 0 when there is none. @param {Uint8Array} codes @param {number} at */
function lengthOfChar(codes, at) {
  const first = codes[at];
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  try {
    strict.decode(codes.subarray(at, at + length));
    return at + length <= codes.length ? length : 0;
  } catch {
    return 0;
  }
}

/** @param {number} byte */
function escaped(byte) {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}
