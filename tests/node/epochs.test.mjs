// The epoch scrubber's parts: chunks of grids, and the arithmetic of its curves.
import assert from "node:assert/strict";
import test from "node:test";
import { deflateSync } from "node:zlib";

import { brief, ticks, valueAt } from "../../app/components/epochs/curves.js";
import { heldEpoch, unpackChunk } from "../../app/components/epochs/frames.js";

test("a chunk is unpacked grid by grid, each the difference to the one before", async () => {
  const grids = [[0, 10, 255, 7], [5, 0, 1, 7], [255, 255, 0, 6]];
  const deltas = grids.flatMap((grid, at) => grid.map((v, i) => (v - (at ? grids[at - 1][i] : 0) + 256) % 256));
  const header = new TextEncoder().encode('{"epochs": [1, 2, 10], "height": 2, "width": 2}\n');
  const frames = await unpackChunk(Uint8Array.from([...header, ...deflateSync(Uint8Array.from(deltas))]));
  assert.deepEqual(frames.map((frame) => [frame.epoch, frame.height, frame.width, [...frame.pixels]]),
    [[1, 2, 2, grids[0]], [2, 2, 2, grids[1]], [10, 2, 2, grids[2]]]);
});

test("a run that has ended shows its last epoch, and one that begins later its first", () => {
  assert.equal(heldEpoch([1, 2, 5], 4), 2);
  assert.equal(heldEpoch([1, 2, 5], 100), 5);
  assert.equal(heldEpoch([0], 7), 0);
  assert.equal(heldEpoch([3, 4], 1), 3);
});

test("a curve holds its last value, and none before its first", () => {
  const run = { epochs: [2, 3], test: [9, null] };
  assert.equal(valueAt(run, "test", 1), undefined);
  assert.equal(valueAt(run, "test", 2), 9);
  assert.equal(valueAt(run, "test", 8), undefined);
  assert.equal(valueAt(run, "train", 2), undefined);
});

test("ticks are round and inside", () => {
  assert.deepEqual(ticks(0, 1, false), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticks(212.3, 265.8, false), [220, 240, 260]);
  assert.deepEqual(ticks(3, 200, true), [3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200]);
  assert.deepEqual(ticks(214, 240, true), [220, 230, 240]);
  assert.deepEqual(ticks(1, 3, false, 20).filter(Number.isInteger), [1, 2, 3]);
});

test("numbers have as many digits as matter", () => {
  assert.deepEqual([7.6543, 214.35, 1234.5, 0].map(brief), ["7.65", "214.3", "1235", "0.00"]);
});
