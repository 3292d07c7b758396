// Files that come by drag and drop or from the clipboard, anywhere on the page.

/**
 * Calls `take` with the files of every drop and paste; marks `<body>` while something hangs over it.
 *
 * @param {(files: File[]) => void} take
 */
export function takeDrops(take) {
  const mark = (/** @type {boolean} */ on) => document.body.classList.toggle("dragging", on);
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) mark(false);
  });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(false);
    take([...(event.dataTransfer?.files ?? [])]);
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) event.preventDefault();
    if (files.length) take(files);
  });
}

/** @param {DragEvent} event */
function hasFiles(event) {
  return event.dataTransfer?.types.includes("Files") ?? false;
}
