// The gauge and the ways between codes agree with numpy's on the shipped runs.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { isOutside, mahalanobis, priorShare, reach, shareNearer } from "../../app/components/js/plausible.js";
import { lerp, slerp } from "../../app/components/js/paths.js";

const cases = JSON.parse(readFileSync(process.env.CASES));
const near = (a, b, tolerance) => assert.ok(Math.abs(a - b) <= tolerance, `${a} ${b}`);

test("the share of codes that lie nearer, and whether a code has left the data, are numpy's", () => {
  for (const { gauge: { cloud, z, share, outside } } of cases) {
    z.forEach((one, i) => {
      near(shareNearer(cloud, one), share[i], 1e-4);
      assert.equal(isOutside(cloud, one), outside[i]);
    });
    assert.deepEqual(new Set(outside), new Set([true, false]));
  }
});

test("the share of draws from the prior is numpy's", () => {
  for (const { gauge: { z, prior } } of cases) z.forEach((one, i) => near(priorShare(one), prior[i], 1e-9));
});

test("steps along a vector end where the code leaves the data", () => {
  for (const { gauge: { cloud, z: [inside, ...others] } } of cases) {
    const limit = cloud.distances.at(-3); // of 201, the quantile 0.99
    const vectors = others.slice(0, 3);
    reach(cloud, inside, vectors).forEach(([low, high], at) => {
      assert.ok(low < 0 && high > 0);
      for (const step of [low, high]) near(mahalanobis(cloud, inside.map((value, i) => value + step * vectors[at][i])) / limit, 1, 1e-6);
    });
    const far = others.at(-1).map((value) => 100 * (value + 1));
    assert.deepEqual(reach(cloud, far, [far.map((_, i) => Number(!i))]), [null]);
  }
});

test("where test codes are too few to tell, no code lies outside and no share is known", () => {
  assert.equal(shareNearer(null, [1, 2]), null);
  assert.equal(isOutside(null, [1e9, 2]), false);
  assert.deepEqual(reach(null, [1, 2], [[1, 0], [0, 1]]), [[-Infinity, Infinity], [-Infinity, Infinity]]);
});

test("lerp and slerp are numpy's", () => {
  for (const { ways: { a, b, t, lerp: straight, slerp: arc } } of cases) {
    t.forEach((share, i) => {
      lerp(a, b, share).forEach((value, j) => near(value, straight[i][j], 1e-4));
      slerp(a, b, share).forEach((value, j) => near(value, arc[i][j], 1e-4));
    });
  }
});

test("codes on one line are walked straight", () => {
  assert.deepEqual([...slerp([1, 2], [2, 4], 0.5)], [1.5, 3]);
});
