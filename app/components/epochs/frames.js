// The stored grids of a run, unpacked from chunks of consecutive epochs.
//
// A chunk is one line of JSON, {"epochs": [11, 12, ...], "height": 280, "width": 280}, and then the
// deflated grids, a byte a pixel: the first whole, each later one as its difference to the one before.

export async function unpackChunk(bytes) {
  const end = bytes.indexOf(10);
  const { epochs, height, width } = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
  const deflated = new Blob([bytes.subarray(end + 1)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const pixels = new Uint8Array(await new Response(deflated).arrayBuffer());
  const size = height * width;
  for (let i = size; i < pixels.length; i++) pixels[i] += pixels[i - size]; // modulo 256, as it was packed
  return epochs.map((epoch, at) => ({ epoch, width, height, pixels: pixels.subarray(at * size, (at + 1) * size) }));
}

// The newest of `epochs` (ascending) that is not after `epoch`; the first where all are after it.
export function heldEpoch(epochs, epoch) {
  let held = epochs[0];
  for (const one of epochs) if (one <= epoch) held = one;
  return held;
}
