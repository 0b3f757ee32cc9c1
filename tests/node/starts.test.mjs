// The starts of the explorer: their names and their codes.

import assert from "node:assert/strict";
import test from "node:test";
import { brief } from "../../app/components/explorer/numbers.js";
import { hasSamples, isStart, normals, parseStart, sampleCode, startCode, startName } from "../../app/components/explorer/starts.js";

const space = {
  dimensions: [{}, {}],
  means: [[1, 2], [3, 4]],
  gaussian: { mean: [10, 20], cholesky: [[2], [1, 0.5]] },
  prior: false, count: 3,
};

test("names are read and written", () => {
  for (const name of ["test-12", "mean-3", "sample-4294967295", "zero"]) assert.equal(startName(parseStart(name)), name);
});

test("each start has its code", () => {
  const codes = Float32Array.from([0, 1, 2, 3, 4, 5]);
  assert.deepEqual([...startCode(parseStart("test-1"), space, codes)], [2, 3]);
  assert.equal(startCode(parseStart("test-1"), space, null), null);
  assert.deepEqual([...startCode(parseStart("mean-1"), space, null)], [3, 4]);
  assert.deepEqual([...startCode(parseStart("zero"), space, null)], [0, 0]);
  assert.deepEqual(startCode(parseStart("sample-7"), space, null), sampleCode(space.gaussian, 2, 7));
});

test("a sample is mean + L e, and e itself under a prior", () => {
  const e = normals(7, 2);
  assert.deepEqual(sampleCode(null, 2, 7), e);
  assert.deepEqual(sampleCode(space.gaussian, 2, 7), Float32Array.from([10 + 2 * e[0], 20 + e[0] + 0.5 * e[1]]));
});

test("one code alone has no Gaussian to draw from; a prior needs no code", () => {
  const kinds = [{ gaussian: null, prior: false }, { gaussian: null, prior: true }, space].map((one) => ({ ...space, ...one }));
  assert.deepEqual(kinds.map(hasSamples), [false, true, true]);
  assert.deepEqual(kinds.map((one) => isStart("sample-7", one)), [false, true, true]);
  assert.ok(kinds.every((one) => isStart("test-2", one) && !isStart("test-3", one)));
});

test("normals are standard normal, and seeds tell them apart", () => {
  const all = Array.from({ length: 2000 }, (_, seed) => [...normals(seed, 20)]).flat();
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const variance = all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length;
  assert.ok(Math.abs(mean) < 0.02 && Math.abs(variance - 1) < 0.02, `${mean} ${variance}`);
  assert.ok(all.every(Number.isFinite));
  assert.notDeepEqual(normals(1, 20), normals(2, 20));
});

test("numbers read well", () => {
  assert.deepEqual([1.005, -2.5, -0.001, 12].map((value) => brief(value)), ["1.00", "−2.50", "0.00", "12.00"]);
});
