// Blobs by key, for the life of the tab: they outlive components and page switches.

const STORE = (globalThis.__latentExplorer ??= { blobs: new Map(), arrivals: new EventTarget() });

// Keep a blob; a new one under an old key takes its place and is announced again.
export function putBlob(key, bytes) {
  STORE.blobs.set(key, bytes);
  STORE.arrivals.dispatchEvent(new CustomEvent(key));
}

export function getBlob(key) {
  return STORE.blobs.get(key);
}

// Call back with the blob, now if it is here, and at each arrival; returns a function that ends this.
export function onBlob(key, callback) {
  const told = () => callback(STORE.blobs.get(key));
  STORE.arrivals.addEventListener(key, told);
  if (STORE.blobs.has(key)) told();
  return () => STORE.arrivals.removeEventListener(key, told);
}

// A promise of the blob, however late it arrives.
export function blob(key) {
  if (STORE.blobs.has(key)) return Promise.resolve(STORE.blobs.get(key));
  return new Promise((resolve) => {
    STORE.arrivals.addEventListener(key, () => resolve(STORE.blobs.get(key)), { once: true });
  });
}

export async function gunzip(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
