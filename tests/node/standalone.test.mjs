// The one-file page: which places of its address it can open, and what it tells the explorer of them.

import assert from "node:assert/strict";
import test from "node:test";

import { encodeCode } from "../../app/components/js/link.js";
import { linked, opening } from "../../app/components/standalone/standalone.js";

const space = { prior: true, count: 3, dimensions: [{}, {}], means: [[0, 0], null] };
const place = (query) => linked(new URLSearchParams(query), space);

test("a place that the file holds opens", () => {
  for (const start of ["test-2", "mean-0", "sample-4294967295", "zero"]) assert.deepEqual(place({ start }), { start, z: null, panel: null, view: null });
  const z = encodeCode([1, -0.5]);
  assert.deepEqual(place({ start: "zero", z, panel: "own", view: "7" }), { start: "zero", z, panel: "own", view: "7" });
});

test("a place that it does not hold is none", () => {
  for (const start of ["test-3", "mean-1", "mean-2", "sample-4294967296", "test-", "nowhere"]) assert.equal(place({ start }), null);
  assert.equal(place({}), null);
});

test("a code of another length is left out", () => {
  assert.equal(place({ start: "zero", z: encodeCode([1, 2, 3]) }).z, null);
  assert.equal(place({ start: "zero", z: "?" }).z, null);
});

test("the opening of a test image holds its code and label", () => {
  const told = opening(4, { start: "test-1" }, space, Float32Array.of(0, 1, 2, 3, 4, 5), Uint8Array.of(7, 8, 9));
  assert.deepEqual([told.number, told.code, told.label, told.z], [4, [2, 3], 8, null]);
  assert.equal(opening(0, { start: "zero" }, space).code, undefined);
});
