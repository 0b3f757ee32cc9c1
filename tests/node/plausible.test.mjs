// The gauge and the ways between codes agree with `aecore.latents` on the shipped runs.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { farther, fitCodes, shareBelow } from "../../app/components/js/plausible.js";
import { lerp, slerp } from "../../app/components/js/paths.js";

const cases = JSON.parse(readFileSync(process.env.CASES));

test("the share of test codes that lie nearer is numpy's", () => {
  for (const { gauge: { codes, z, nearer } } of cases) {
    const fit = fitCodes(Float32Array.from(codes.flat()), codes[0].length);
    z.forEach((one, i) => assert.ok(Math.abs(farther(fit, one) - nearer[i]) <= 1 / codes.length, `${farther(fit, one)} ${nearer[i]}`));
  }
});

test("lerp and slerp are numpy's", () => {
  for (const { ways: { a, b, t, lerp: straight, slerp: arc } } of cases) {
    t.forEach((share, i) => {
      lerp(a, b, share).forEach((value, j) => assert.ok(Math.abs(value - straight[i][j]) < 1e-4));
      slerp(a, b, share).forEach((value, j) => assert.ok(Math.abs(value - arc[i][j]) < 1e-4));
    });
  }
});

test("codes on one line are walked straight", () => {
  assert.deepEqual([...slerp([1, 2], [2, 4], 0.5)], [1.5, 3]);
});

test("shares of a sorted list", () => {
  assert.deepEqual([0, 1, 1.5, 9].map((value) => shareBelow([1, 1, 2, 3], value)), [0, 0, 0.5, 1]);
});
