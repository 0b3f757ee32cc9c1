// What is stored of a run's epochs, unpacked from chunks of consecutive epochs.
//
// A chunk is one line of JSON and then deflated bytes. Of pictures: {"epochs": [11, 12, ...], "height": 280,
// "width": 280}, and the grids, a byte a pixel: the first whole, each later one as its difference to the one before.
// Of maps: {"epochs": [...], "count": 2000}, the class of each point, a byte each, and then of each epoch the
// points' x and y, as half-precision numbers.

import { widen } from "../js/tensors.js";

export async function unpackChunk(chunk) {
  const { epochs, height, width, bytes: pixels } = await inflate(chunk);
  const size = height * width;
  for (let i = size; i < pixels.length; i++) pixels[i] += pixels[i - size]; // modulo 256, as it was packed
  return epochs.map((epoch, at) => ({ epoch, width, height, pixels: pixels.subarray(at * size, (at + 1) * size) }));
}

export async function unpackPoints(chunk) {
  const { epochs, count, bytes } = await inflate(chunk);
  const labels = bytes.subarray(0, count), places = widen(new Uint16Array(bytes.slice(count).buffer));
  return epochs.map((epoch, at) => ({ epoch, labels, points: places.subarray(2 * at * count, 2 * (at + 1) * count) }));
}

async function inflate(chunk) {
  const end = chunk.indexOf(10);
  const header = JSON.parse(new TextDecoder().decode(chunk.subarray(0, end)));
  const stream = new Blob([chunk.subarray(end + 1)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return { ...header, bytes: new Uint8Array(await new Response(stream).arrayBuffer()) };
}

// The newest epoch that is stored of that kind, sound and not after `epoch`, and its frame where it has arrived.
export function heldFrame(run, kind, epoch, frames) {
  let epochs = run.grids[kind] ?? [];
  while (epochs.length) {
    const at = heldEpoch(epochs, epoch), frame = frames(run, kind, at);
    if (frame !== null) return { at, frame };
    epochs = epochs.filter((one) => one !== at);
  }
  return {};
}

// The newest of `epochs` (ascending) that is not after `epoch`; the first where all are after it.
export function heldEpoch(epochs, epoch) {
  let held = epochs[0];
  for (const one of epochs) if (one <= epoch) held = one;
  return held;
}
