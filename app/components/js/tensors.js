// A safetensors file as typed arrays: 8 bytes of header length, a JSON header, then the raw tensors.

const TYPES = {
  F32: Float32Array, F16: Uint16Array, U8: Uint8Array, I32: Int32Array, I64: BigInt64Array,
};

// bytes: Uint8Array -> {metadata: {name: text}, tensors: {name: {data: typed array, shape: [..]}}}.
// F16 is widened to Float32Array. Throws an Error that says what is wrong with the file.
export function parseTensors(bytes) {
  const { metadata, entries, start } = readHeader(bytes);
  const tensors = {};
  for (const [name, { dtype, shape, data_offsets: [from, to] }] of entries) {
    const Type = TYPES[dtype];
    if (!Type) throw new Error(`The tensor '${name}' has the type ${dtype}, which this page cannot read.`);
    if (start + to > bytes.length) throw new Error(`The tensor '${name}' is cut off.`);
    // a copy, because a typed array must begin at a multiple of its element's size
    const raw = new Type(bytes.buffer.slice(bytes.byteOffset + start + from, bytes.byteOffset + start + to));
    tensors[name] = { data: dtype === "F16" ? widen(raw) : raw, shape };
  }
  return { metadata, tensors };
}

function readHeader(bytes) {
  if (bytes.length < 8) throw new Error("A tensor file of fewer than 8 bytes is no safetensors file.");
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (8 + length > bytes.length) throw new Error("The tensor file ends inside its header.");
  const { __metadata__: metadata = {}, ...entries } = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  return { metadata, entries: Object.entries(entries), start: 8 + length };
}

// IEEE half precision: a sign, 5 bits of exponent, 10 bits of fraction.
export function widen(halves) {
  const floats = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i], exponent = (half >> 10) & 31, fraction = half & 1023;
    let size = (1 + fraction / 1024) * 2 ** (exponent - 15);
    if (exponent === 0) size = fraction * 2 ** -24;
    if (exponent === 31) size = fraction ? NaN : Infinity;
    floats[i] = half & 0x8000 ? -size : size;
  }
  return floats;
}
