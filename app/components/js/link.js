// What the address bar carries. A code is written as base64url of its float32 numbers, little-endian: exact.

// z: Float32Array or numbers -> text
export function encodeCode(z) {
  const view = new DataView(new ArrayBuffer(4 * z.length));
  z.forEach((value, i) => view.setFloat32(4 * i, value, true));
  const letters = String.fromCharCode(...new Uint8Array(view.buffer));
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// text -> Float32Array, or null where the text is no code.
export function decodeCode(text) {
  try {
    const letters = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    if (letters.length % 4 || !letters.length) return null;
    const view = new DataView(Uint8Array.from(letters, (letter) => letter.charCodeAt(0)).buffer);
    const z = Float32Array.from({ length: letters.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
    return z.every(Number.isFinite) ? z : null;
  } catch {
    return null;
  }
}

// Set the given parameters in the address bar, and remove those that are null. It adds no step to the history.
export function replaceLink(values, page = window) {
  const params = new URLSearchParams(page.location.search);
  for (const [name, value] of Object.entries(values)) {
    if (value === null) params.delete(name);
    else params.set(name, value);
  }
  const query = params.toString();
  const address = page.location.pathname + (query ? `?${query}` : "") + page.location.hash;
  page.history.replaceState(page.history.state, "", address);
}
