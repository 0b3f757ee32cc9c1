// Between the bytes that are shown and the pixels that a model sees, as `aecore.datasets.base`.

// x = low + (high - low) byte / 255: Uint8Array -> Float32Array
export function toPixels(bytes, [low, high]) {
  return Float32Array.from(bytes, (byte) => low + ((high - low) * byte) / 255);
}

// The inverse, neither clipped nor rounded: pixels -> Float64Array
export function toBytes(pixels, [low, high]) {
  return Float64Array.from(pixels, (x) => ((x - low) * 255) / (high - low));
}
