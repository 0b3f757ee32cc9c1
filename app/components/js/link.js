// The address bar: which run, which start, which code. A link reopens the same picture.
// Parameters: run=<run_id>, start=test-<index> | class-<index> | zero, z=<base64url of the code as float32>.

export function encodeCode(z) {
  const bytes = new Uint8Array(Float32Array.from(z).buffer);
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// The code, or null where the text is none of this length.
export function decodeCode(text, length) {
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    if (bytes.length !== 4 * length) return null;
    const z = new Float32Array(bytes.buffer);
    return z.every(Number.isFinite) ? z : null;
  } catch {
    return null;
  }
}

// Set query parameters (null removes one) without a history entry and without asking the server.
export function setLink(parameters) {
  const url = new URL(window.location.href);
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
  }
  window.history.replaceState(window.history.state, "", url);
}
