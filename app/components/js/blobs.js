// Large bytes that the server sends once, kept under their key for the life of the tab.
// Components are modules of their own, so what they share hangs on globalThis.

import { parseTensors } from "./tensors.js";

const shelf = (globalThis.latentExplorerBlobs ??= new Map());

function slot(key) {
  if (!shelf.has(key)) {
    let resolve;
    const bytes = new Promise((done) => { resolve = done; });
    shelf.set(key, { bytes, resolve, held: null, tensors: null });
  }
  return shelf.get(key);
}

// Keep the bytes; whoever waits for the key gets them. The other bytes of a run trained anew replace the old ones.
export function putBlob(key, bytes) {
  const { held } = slot(key);
  if (held && !same(held, bytes)) shelf.delete(key);
  const found = slot(key);
  found.held = bytes;
  found.resolve(bytes);
}

function same(a, b) {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

// A promise of the bytes under the key, whenever they arrive.
export function blob(key) {
  return slot(key).bytes;
}

// Forget a blob that nobody will ask for again.
export function dropBlob(key) {
  shelf.delete(key);
}

// A promise of a safetensors blob, gzipped or not, as parseTensors returns it; parsed once a tab.
export function tensorsOf(key) {
  const found = slot(key);
  found.tensors ??= found.bytes.then(gunzip).then(parseTensors);
  return found.tensors;
}

// The bytes themselves where they are not gzipped.
export async function gunzip(bytes) {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
