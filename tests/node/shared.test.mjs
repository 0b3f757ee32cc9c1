// The modules that all components share: tensors, stacks, blobs, links.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { blob, gunzip, onBlob, putBlob } from "../../app/components/js/blobs.js";
import { decodeCode, encodeCode } from "../../app/components/js/link.js";
import { parseStacks } from "../../app/components/js/stack.js";
import { parseTensors } from "../../app/components/js/tensors.js";

const cases = process.env.CASES ? JSON.parse(readFileSync(process.env.CASES)) : [];

test("stacks written by Python encode and decode as they do in numpy, to 1e-5", { skip: !cases.length }, () => {
  for (const { file, inputs, expected } of cases) {
    const bytes = readFileSync(file);
    const unaligned = new Uint8Array(bytes.length + 3).fill(7);
    unaligned.set(bytes, 3);
    const stacks = parseStacks(unaligned.subarray(3));
    for (const name of Object.keys(inputs)) {
      inputs[name].forEach((x, row) => {
        const y = stacks[name](Float32Array.from(x));
        expected[name][row].forEach((value, i) => assert.ok(Math.abs(value - y[i]) < 1e-5, `${file} ${name} ${row} ${i}`));
      });
    }
  }
});

test("every type of tensor is read", () => {
  const header = JSON.stringify({
    half: { dtype: "F16", shape: [5], data_offsets: [0, 10] },
    byte: { dtype: "U8", shape: [1], data_offsets: [10, 11] },
    __metadata__: { a: "b" },
  });
  const bytes = new Uint8Array(8 + header.length + 11);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(new TextEncoder().encode(header), 8);
  bytes.set(new Uint8Array(new Uint16Array([0x3c00, 0xc000, 0x3555, 0x7c00, 0x0001]).buffer), 8 + header.length);
  bytes[bytes.length - 1] = 9;
  const { metadata, tensors } = parseTensors(bytes);
  assert.equal(metadata.a, "b");
  assert.deepEqual([...tensors.get("half").data], [1, -2, 0.333251953125, Infinity, 2 ** -24]);
  assert.deepEqual([...tensors.get("byte").data], [9]);
});

test("a blob reaches those who wait for it and those who come later, until they leave", async () => {
  const early = blob("a");
  const told = [];
  const stop = onBlob("a", (bytes) => told.push(bytes[0]));
  putBlob("a", new Uint8Array([1]));
  assert.equal((await early)[0], 1);
  assert.equal((await blob("a"))[0], 1);
  putBlob("a", new Uint8Array([2]));
  stop();
  putBlob("a", new Uint8Array([3]));
  assert.deepEqual(told, [1, 2]);
  onBlob("a", (bytes) => told.push(bytes[0]))();
  assert.deepEqual(told, [1, 2, 3]);
});

test("gzip is undone", async () => {
  const { gzipSync } = await import("node:zlib");
  assert.deepEqual([...(await gunzip(gzipSync(new Uint8Array([1, 2, 3]))))], [1, 2, 3]);
});

test("a code survives the address bar to the last bit", () => {
  const z = Float32Array.from({ length: 20 }, (_, i) => Math.tan(i * 7.3) * 10 ** (i - 10));
  assert.deepEqual(decodeCode(encodeCode(z), 20), z);
  assert.match(encodeCode(z), /^[\w-]+$/);
});

test("what is no code of this length is null", () => {
  for (const text of ["", "%%%", "abc", encodeCode([1, 2]), encodeCode([NaN, 1, 1]), "äöü"]) assert.equal(decodeCode(text, 3), null);
});
