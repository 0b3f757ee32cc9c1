// A picture file, made grey in the browser. Nothing is sent anywhere.

const FILES = { "image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WebP" };
const MOST_BYTES = 20 * 2 ** 20, MOST_PIXELS = 64e6; // at most
const LONGEST = 1024; // a longer side is made this long first

export const ACCEPT = Object.keys(FILES).join(",");

// file: a File -> {grey in [0, 1], width, height}. Throws an Error with one sentence where it is no such picture.
export async function readPicture(file) {
  if (!(file.type in FILES)) throw new Error(`“${file.name}” is no ${Object.values(FILES).join(", ")} file; choose a picture of one of these kinds.`);
  if (file.size > MOST_BYTES) throw new Error(`“${file.name}” is larger than ${MOST_BYTES / 2 ** 20} MB; make it smaller first.`);
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) throw new Error(`“${file.name}” cannot be read as a picture; it may be damaged.`);
  try {
    if (bitmap.width * bitmap.height > MOST_PIXELS) throw new Error(`“${file.name}” has more than ${MOST_PIXELS / 1e6} million pixels; make it smaller first.`);
    return greyBitmap(bitmap);
  } finally {
    bitmap.close();
  }
}

function greyBitmap(bitmap) {
  const scale = Math.min(1, LONGEST / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale)), height = Math.max(1, Math.round(bitmap.height * scale));
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  return { grey: greyOf(context.getImageData(0, 0, width, height).data), width, height };
}

// Luma, 0.299 R + 0.587 G + 0.114 B, in [0, 1]. What is transparent becomes the opposite of what is not, white under
// dark things and black under bright ones. rgba: bytes -> Float32Array
export function greyOf(rgba) {
  const grey = new Float32Array(rgba.length / 4);
  let seen = 0, sum = 0;
  for (let i = 0; i < grey.length; i++) {
    grey[i] = (0.299 * rgba[4 * i] + 0.587 * rgba[4 * i + 1] + 0.114 * rgba[4 * i + 2]) / 255;
    seen += rgba[4 * i + 3];
    sum += rgba[4 * i + 3] * grey[i];
  }
  const behind = sum > seen / 2 ? 0 : 1;
  for (let i = 0; i < grey.length; i++) grey[i] += (1 - rgba[4 * i + 3] / 255) * (behind - grey[i]);
  return grey;
}
