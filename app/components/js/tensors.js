// Safetensors: an 8-byte length, a JSON header, then the tensors' bytes.

const TYPES = { F32: Float32Array, U8: Uint8Array, I32: Int32Array, I64: BigInt64Array };

// A safetensors file -> { metadata, tensors: Map(name -> { data, shape }) }. Tensors are aligned copies; F16 becomes F32.
export function parseTensors(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  const tensors = new Map();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const [from, to] = data_offsets.map((offset) => bytes.byteOffset + start + offset);
    const copy = bytes.buffer.slice(from, to);
    tensors.set(name, { data: dtype === "F16" ? widen(new Uint16Array(copy)) : new TYPES[dtype](copy), shape });
  }
  return { metadata: header.__metadata__ ?? {}, tensors };
}

function widen(halves) {
  return Float32Array.from(halves, (h) => {
    const sign = h >> 15 ? -1 : 1;
    const exponent = (h >> 10) & 31;
    const fraction = h & 1023;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}
