// The grid search against brute force, and the ways back from the map.
import assert from "node:assert/strict";
import test from "node:test";

import { blendInverse, planeInverse } from "../../app/components/atlas/inverse.js";
import { makeNearest } from "../../app/components/atlas/nearest.js";
import { makeView } from "../../app/components/atlas/view.js";

function random(seed) {
  return () => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32);
}

function bruteForce(points, x, y, k) {
  return Array.from({ length: points.length / 2 }, (_, i) => (points[2 * i] - x) ** 2 + (points[2 * i + 1] - y) ** 2)
    .sort((a, b) => a - b)
    .slice(0, k);
}

function layouts() {
  const r = random(7);
  const normal = () => r() + r() + r() + r() - 2;
  const clump = (i) => (i % 3) * 9 + normal();
  return {
    uniform: Float32Array.from({ length: 4000 }, r),
    clumps: Float32Array.from({ length: 4000 }, (_, i) => clump(i >> 1)),
    line: Float32Array.from({ length: 2000 }, (_, i) => (i % 2 ? 0 : r())),
    "one spot": new Float32Array(60).fill(3),
    "one point": new Float32Array([1, 2]),
  };
}

for (const [name, points] of Object.entries(layouts())) {
  test(`the nearest points are brute force's: ${name}`, () => {
    const search = makeNearest(points);
    const r = random(3);
    for (let trial = 0; trial < 300; trial++) {
      const spread = trial % 3 === 0 ? 100 : 12; // also far outside the layout
      const x = (r() - 0.3) * spread, y = (r() - 0.3) * spread, k = 1 + (trial % 15);
      const { count, index, squared } = search(x, y, k);
      const expected = bruteForce(points, x, y, k);
      assert.equal(count, expected.length);
      assert.deepEqual([...squared.subarray(0, count)], expected);
      assert.equal(new Set(index.subarray(0, count)).size, count);
    }
  });
}

test("a plane is lifted exactly", () => {
  const z = new Float32Array(3);
  planeInverse({ mean: [1, 2, 3], axes: [[1, 0, 0], [0, 0.5, 0.25]] })(2, 4, z);
  assert.deepEqual([...z], [3, 4, 4]);
});

test("a blend is a test point's own code on the point, and continuous between points", () => {
  const r = random(5);
  const points = Float32Array.from({ length: 800 }, r);
  const codes = Float32Array.from({ length: 400 * 4 }, r);
  const lift = blendInverse(codes, 4, makeNearest(points), 12);
  const z = new Float32Array(4), before = new Float32Array(4);
  lift(points[20], points[21], z);
  assert.deepEqual([...z], [...codes.subarray(40, 44)]);
  for (let step = 0; step <= 20000; step++) {
    lift(step / 20000, 0.4, z);
    if (step > 0) assert.ok(z.every((value, j) => Math.abs(value - before[j]) < 0.02), `a jump at ${step}`);
    before.set(z);
  }
});

test("a blend of few codes, and of codes on one spot", () => {
  const z = new Float32Array(1);
  blendInverse(new Float32Array([5]), 1, makeNearest(new Float32Array([0, 0])), 12)(3, 3, z);
  assert.equal(z[0], 5);
  const spot = new Float32Array(8);
  const lift = blendInverse(new Float32Array([1, 2, 3, 6]), 1, makeNearest(spot), 12);
  lift(0, 0, z);
  assert.equal(z[0], 2); // three neighbours of four codes
  lift(1, 1, z);
  assert.equal(z[0], 2);
});

test("the view keeps what is under the pointer, and comes home", () => {
  const view = makeView({ left: -1, bottom: -1, width: 2, height: 2 });
  view.width = view.height = 400;
  const under = view.toPlane(300, 120);
  view.zoomAt(300, 120, 3);
  assert.deepEqual(view.toScreen(...under).map(Math.round), [300, 120]);
  const there = view.toPlane(100, 100);
  assert.deepEqual(view.toScreen(...there).map(Math.round), [100, 100]);
  view.zoomAt(10, 10, 1e-3);
  assert.equal(view.moved(), false);
});
