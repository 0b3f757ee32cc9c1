// The epoch scrubber's parts: chunks of grids, and the arithmetic of its curves.
import assert from "node:assert/strict";
import test from "node:test";
import { deflateSync } from "node:zlib";

import { brief, rangeOf, ticks, valueAt } from "../../app/components/epochs/curves.js";
import { heldEpoch, unpackChunk, unpackPoints } from "../../app/components/epochs/frames.js";
import { fitted, makeGlide, rangeAlong } from "../../app/components/epochs/glide.js";
import { measureOf } from "../../app/components/epochs/terms.js";

test("a chunk is unpacked grid by grid, each the difference to the one before", async () => {
  const grids = [[0, 10, 255, 7], [5, 0, 1, 7], [255, 255, 0, 6]];
  const deltas = grids.flatMap((grid, at) => grid.map((v, i) => (v - (at ? grids[at - 1][i] : 0) + 256) % 256));
  const header = new TextEncoder().encode('{"epochs": [1, 2, 10], "height": 2, "width": 2}\n');
  const frames = await unpackChunk(Uint8Array.from([...header, ...deflateSync(Uint8Array.from(deltas))]));
  assert.deepEqual(frames.map((frame) => [frame.epoch, frame.height, frame.width, [...frame.pixels]]),
    [[1, 2, 2, grids[0]], [2, 2, 2, grids[1]], [10, 2, 2, grids[2]]]);
});

test("maps are unpacked with the class of each point", async () => {
  const header = new TextEncoder().encode('{"epochs": [3, 4], "count": 3}\n');
  const halves = [0x3c00, 0xc000, 0, 0x3800, 0x7bff, 0x0001, 0x3c00, 0x3c00, 0x4200, 0x4200, 0xbc00, 0x8000];
  const payload = [7, 0, 9, ...new Uint8Array(Uint16Array.from(halves).buffer)];
  const frames = await unpackPoints(Uint8Array.from([...header, ...deflateSync(Uint8Array.from(payload))]));
  assert.deepEqual(frames.map(({ epoch, labels, points }) => [epoch, [...labels], [...points]]), [
    [3, [7, 0, 9], [1, -2, 0, 0.5, 65504, 2 ** -24]],
    [4, [7, 0, 9], [1, 1, 3, 3, -1, -0]],
  ]);
});

test("a map fills its square from edge to edge and keeps its shape", () => {
  const points = Float32Array.of(10, -4, 30, 1, 20, 6);
  const square = fitted(points);
  assert.deepEqual([...square].map((value) => +value.toFixed(6)), [-0.5, -0.25, 0.5, 0, 0, 0.25]);
  assert.deepEqual(rangeAlong(points, 1), [-4, 6]);
  assert.deepEqual([...fitted(Float32Array.of(3, 3))], [0, 0]); // one point has no size
});

test("points glide at an even pace, and turn round from where they are", () => {
  const glide = makeGlide(100);
  glide.moveTo(Float32Array.of(0, 0), 0);
  assert.deepEqual([[...glide.at(0)], glide.moving(0)], [[0, 0], false]); // the first places are there at once
  glide.moveTo(Float32Array.of(8, -4), 1000);
  assert.deepEqual([[...glide.at(1025)], glide.moving(1025)], [[2, -1], true]);
  glide.moveTo(Float32Array.of(0, 0), 1050);
  assert.deepEqual([...glide.at(1050)], [4, -2]);
  assert.deepEqual([[...glide.at(1150)], glide.moving(1150)], [[0, 0], false]);
  glide.moveTo(Float32Array.of(1, 1, 2, 2), 1160); // another number of points
  assert.deepEqual([[...glide.at(1160)], glide.moving(1160)], [[1, 1, 2, 2], false]);
});

test("without motion points jump", () => {
  const glide = makeGlide(0);
  glide.moveTo(Float32Array.of(0, 0), 0);
  glide.moveTo(Float32Array.of(8, 8), 1);
  assert.deepEqual([[...glide.at(1)], glide.moving(1)], [[8, 8], false]);
});

test("no value and no floor is cut off", () => {
  const runs = [{ test: [240, 215], train: [300, null] }, { train: [190.5] }];
  assert.deepEqual(rangeOf(runs), [190.5, 300]);
  assert.deepEqual(rangeOf(runs, [189.86]), [189.86, 300]);
  assert.deepEqual(rangeOf([]), [0, 1]);
});

test("every term says its unit and what it is summed over", () => {
  const bce = { unit: "nats", floor: 189.86, test: { loss: [214], recon: [214], kl: [15], sse: [8] }, train: {} };
  const mse = { unit: "SSE", floor: null, test: { loss: [7], sse: [7] }, train: {} };
  const pca = { unit: "nats", floor: 189.86, test: { sse: [9] }, train: {} };
  assert.deepEqual(measureOf("loss", [bce, { ...bce }, pca]), { words: "nats, summed over pixels, mean over images", floors: [189.86] });
  assert.deepEqual(measureOf("loss", [bce, mse]), { words: "nats or squared error, summed over pixels, mean over images", floors: [189.86] });
  assert.deepEqual(measureOf("loss", [mse, pca]).floors, []);
  assert.deepEqual(measureOf("kl", [bce]), { words: "nats, summed over dimensions, mean over images", floors: [] });
  assert.deepEqual(measureOf("sse", [bce, mse]), { words: "squared error, summed over pixels, mean over images", floors: [] });
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
