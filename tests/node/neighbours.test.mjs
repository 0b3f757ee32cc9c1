// The nearest rows against brute force, and the bytes of pixels.

import assert from "node:assert/strict";
import test from "node:test";
import { nearestRows, searchRows } from "../../app/components/js/neighbours.js";
import { toBytes, toPixels } from "../../app/components/js/span.js";

function random(seed) {
  return () => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32);
}

function bruteForce(rows, target, k) {
  const d = target.length;
  return Array.from({ length: rows.length / d }, (_, row) => {
    let squared = 0;
    for (let j = 0; j < d; j++) squared += (rows[row * d + j] - target[j]) ** 2;
    return { row, squared };
  }).sort((a, b) => a.squared - b.squared).slice(0, k); // a stable sort: of equal ones the first
}

const r = random(5);
const tables = {
  "codes": [Float32Array.from({ length: 500 * 20 }, () => r() - 0.5), 20],
  "pictures": [Uint8Array.from({ length: 300 * 784 }, () => r() * 256), 784],
  "many equal rows": [Uint8Array.from({ length: 200 * 3 }, () => r() * 2), 3],
  "fewer rows than asked for": [Float32Array.from({ length: 8 }, r), 2],
};

for (const [name, [rows, d]] of Object.entries(tables)) {
  test(`the nearest rows are brute force's: ${name}`, () => {
    const size = rows instanceof Uint8Array ? 255 : 1;
    for (let trial = 0; trial < 20; trial++) {
      const target = Float32Array.from({ length: d }, () => r() * size), k = 1 + (trial % 9);
      const { index, squared } = nearestRows(rows, target, k), expected = bruteForce(rows, target, k);
      assert.deepEqual(index, expected.map((one) => one.row));
      assert.deepEqual(squared, expected.map((one) => one.squared));
    }
  });
}

test("a search in parts finds the same, and says when it is done", () => {
  const [rows, d] = tables.codes, target = rows.slice(0, d);
  const search = searchRows(rows, target, 5);
  let parts = 1;
  while (!search.advance(90)) parts++;
  assert.equal(parts, 6);
  assert.deepEqual(search.index, nearestRows(rows, target, 5).index);
  assert.equal(search.squared[0], 0);
});

test("bytes become pixels and come back", () => {
  const bytes = Uint8Array.of(0, 100, 255);
  assert.deepEqual([...toPixels(bytes, [-5, 5.2])].map((x) => Math.round(x * 1000)), [-5000, -1000, 5200]);
  for (const span of [[0, 1], [-5.01, 3.5]]) {
    toBytes(toPixels(bytes, span), span).forEach((value, i) => assert.ok(Math.abs(value - bytes[i]) < 1e-4));
  }
});
