// The modules that all components share: tensors, stacks, blobs, links.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { blob, gunzip, putBlob, tensorsOf } from "../../app/components/js/blobs.js";
import { decodeCode, encodeCode, replaceLink } from "../../app/components/js/link.js";
import { makePainter } from "../../app/components/js/pixels.js";
import { makeStack } from "../../app/components/js/stack.js";
import { parseTensors } from "../../app/components/js/tensors.js";

const cases = process.env.CASES ? JSON.parse(readFileSync(process.env.CASES)) : [];

test("stacks written by Python encode and decode as they do in numpy, to 1e-5", { skip: !cases.length }, () => {
  for (const { file, inputs, expected } of cases) {
    const bytes = readFileSync(file);
    const unaligned = new Uint8Array(bytes.length + 3).fill(7);
    unaligned.set(bytes, 3);
    const parsed = parseTensors(unaligned.subarray(3));
    for (const name of Object.keys(inputs)) {
      const stack = makeStack(parsed, name);
      inputs[name].forEach((x, row) => {
        const y = stack.forward(Float32Array.from(x));
        expected[name][row].forEach((value, i) => assert.ok(Math.abs(value - y[i]) < 1e-5 * (1 + Math.abs(value)), `${file} ${name} ${row} ${i}`));
      });
    }
  }
});

function tensorFile(entries, payload) {
  const header = new TextEncoder().encode(JSON.stringify(entries));
  const bytes = new Uint8Array(8 + header.length + payload.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  bytes.set(payload, 8 + header.length);
  return bytes;
}

test("every type of tensor is read", () => {
  const halves = new Uint8Array(new Uint16Array([0x3c00, 0xc000, 0x3555, 0x7c00, 0x0001]).buffer);
  const file = tensorFile({
    half: { dtype: "F16", shape: [5], data_offsets: [0, 10] },
    byte: { dtype: "U8", shape: [1], data_offsets: [10, 11] },
    long: { dtype: "I64", shape: [1], data_offsets: [11, 19] },
    __metadata__: { a: "b" },
  }, [...halves, 9, 255, 255, 255, 255, 255, 255, 255, 255]);
  const { metadata, tensors } = parseTensors(file);
  assert.deepEqual(metadata, { a: "b" });
  assert.deepEqual([...tensors.half.data], [1, -2, 0.333251953125, Infinity, 2 ** -24]);
  assert.deepEqual([...tensors.byte.data], [9]);
  assert.deepEqual([...tensors.long.data], [-1n]);
  assert.throws(() => parseTensors(file.subarray(0, -1)), /'long' is cut off/);
  assert.throws(() => parseTensors(file.subarray(0, 30)), /inside its header/);
  assert.throws(() => parseTensors(tensorFile({ x: { dtype: "F8", shape: [1], data_offsets: [0, 1] } }, [0])), /type F8/);
});

test("a blob reaches those who wait for it and those who come later", async () => {
  const early = blob("a");
  putBlob("a", new Uint8Array([1]));
  assert.equal((await early)[0], 1);
  assert.equal((await blob("a"))[0], 1);
});

test("a blob that comes again is parsed once; another one takes its place", async () => {
  const first = tensorFile({ x: { dtype: "U8", shape: [1], data_offsets: [0, 1] } }, [1]);
  const parsed = tensorsOf("b");
  putBlob("b", first);
  putBlob("b", first.slice());
  assert.equal(await tensorsOf("b"), await parsed);
  putBlob("b", tensorFile({ x: { dtype: "U8", shape: [1], data_offsets: [0, 1] } }, [2]));
  assert.deepEqual([...(await tensorsOf("b")).tensors.x.data], [2]);
});

test("gzip is undone, and what is not gzipped is left alone", async () => {
  assert.deepEqual([...(await gunzip(gzipSync(new Uint8Array([1, 2, 3]))))], [1, 2, 3]);
  assert.deepEqual([...(await gunzip(new Uint8Array([1, 2, 3])))], [1, 2, 3]);
});

test("a code survives the address bar to the last bit", () => {
  const z = Float32Array.from({ length: 20 }, (_, i) => Math.tan(i * 7.3) * 10 ** (i - 10));
  assert.deepEqual(decodeCode(encodeCode(z)), z);
  assert.match(encodeCode(z), /^[\w-]+$/);
  assert.equal(encodeCode([1, -0.5]), "AACAPwAAAL8"); // what Python writes
});

test("what is no code is null", () => {
  for (const text of ["", "%%%", "abc", encodeCode([NaN, 1, 1]), "äöü"]) assert.equal(decodeCode(text), null);
});

test("the address keeps what is not ours, and its place in the history", () => {
  const page = {
    location: { pathname: "/app", search: "?embed=true&z=old&run=a", hash: "" },
    history: { state: { key: 1 }, replaceState: (...to) => { page.replaced = to; } },
  };
  replaceLink({ run: "b", start: "test-1", z: null }, page);
  assert.deepEqual(page.replaced, [{ key: 1 }, "", "/app?embed=true&run=b&start=test-1"]);
});

test("floats are shown over their span, bytes as they are", () => {
  const shown = (pixels, span) => {
    let data;
    const context = {
      createImageData: (width, height) => ({ data: new Uint8ClampedArray(4 * width * height) }),
      putImageData: (image) => { data = image.data; },
    };
    makePainter({ getContext: () => context }, 1, pixels.length, span)(pixels);
    return [...data].filter((_, i) => i % 4 === 0);
  };
  assert.deepEqual(shown(Float32Array.of(-0.2, 0, 0.5, 1, 1.3)), [0, 0, 128, 255, 255]);
  assert.deepEqual(shown(Float32Array.of(-6, -5, 0, 5), [-5, 5]), [0, 0, 128, 255]);
  assert.deepEqual(shown(Uint8Array.of(0, 128, 255), [-5, 5]), [0, 128, 255]);
});
