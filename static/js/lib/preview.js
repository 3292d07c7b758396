// Small pictures of chosen files, drawn one after the other so that forty photos do not fill the memory.

const SIDE_PX = 96;
const MOST_BYTES = 60_000_000;

/** @type {Promise<unknown>} */
let last = Promise.resolve();

/**
 * Returns a canvas with the picture and its true width and height; null where the browser cannot read it.
 *
 * @param {File} file
 * @returns {Promise<{canvas: HTMLCanvasElement, width: number, height: number} | null>}
 */
export function preview(file) {
  const drawn = last.then(() => draw(file));
  last = drawn;
  return drawn;
}

/** @param {File} file */
async function draw(file) {
  if (file.size === 0 || file.size > MOST_BYTES) return null;
  try {
    const bitmap = await createImageBitmap(file);
    const { width, height } = bitmap;
    const canvas = paint(bitmap);
    bitmap.close();
    return { canvas, width, height };
  } catch {
    return null;
  }
}

/** @param {ImageBitmap} bitmap */
function paint(bitmap) {
  const scale = Math.min(1, SIDE_PX / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.className = "preview";
  canvas.setAttribute("aria-hidden", "true");
  const context = canvas.getContext("2d");
  if (context) context.imageSmoothingQuality = "high";
  context?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}
