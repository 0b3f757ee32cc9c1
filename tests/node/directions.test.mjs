// Directions through code space agree with `aecore.directions` on the shipped runs; the sliders' axes move along them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { joinView, makeAxes, splitView } from "../../app/components/explorer/axes.js";
import { attribute, Direction, quantile, worthWalking } from "../../app/components/js/directions.js";
import { mahalanobis } from "../../app/components/js/plausible.js";

const cases = JSON.parse(readFileSync(process.env.CASES));
const near = (a, b, tolerance = 1e-4) => assert.ok(Math.abs(a - b) < tolerance * (1 + Math.abs(b)), `${a} is not ${b}`);
const allNear = (a, b, tolerance) => b.forEach((value, i) => near(a[i], value, tolerance));

// What the server says of axes, with ranges that are of no matter here.
function spaceOf({ mean, principal }) {
  const dimensions = mean.map((_, index) => ({ index, low: -1, high: 1, importance: 1, detail: "" }));
  return { dimensions, measure: "", principal: { mean, vectors: principal.map(({ vector }) => vector), dimensions } };
}

test("places and moves along principal directions are numpy's", () => {
  for (const { lines: { codes, mean, principal } } of cases) {
    for (const { vector, places, moved } of principal) {
      const direction = new Direction(mean, vector);
      allNear(places.map((_, row) => direction.along(codes[row])), places);
      [-1, 2].forEach((t, i) => {
        const z = Float32Array.from(codes[0]);
        direction.move(z, t);
        allNear(z, moved[i]);
      });
    }
  }
});

test("the direction between two groups is numpy's, and so is the part of it to walk", () => {
  for (const { lines: { codes, attributes } } of cases) {
    const flat = Float32Array.from(codes.flat());
    for (const { a, b, origin, vector, ends } of attributes) {
      const direction = attribute(flat, codes[0].length, a, b);
      allNear(direction.origin, origin);
      allNear(direction.vector, vector);
      allNear(worthWalking(flat, direction), ends, 1e-3);
    }
  }
});

test("no direction leads from a group to itself, nor to an empty one", () => {
  const codes = Float32Array.from([1, 2, 3, 4]);
  assert.equal(attribute(codes, 2, [0, 1], [1, 0]), null);
  assert.equal(attribute(codes, 2, [0], []), null);
  assert.equal(attribute(codes, 2, [], [1]), null);
});

test("quantiles lie between the values", () => {
  assert.deepEqual([0, 0.5, 0.625, 1].map((share) => quantile([1, 2, 4, 8, 16], share)), [1, 4, 6, 16]);
});

test("a move along one principal axis changes all of z and no other axis's value", () => {
  for (const { lines } of cases) {
    const axes = makeAxes("principal", spaceOf(lines)), z = Float32Array.from(lines.codes[3]);
    const before = axes.dimensions.map(({ index }) => axes.read(z, index));
    axes.write(z, 1, before[1] + 2);
    before[1] += 2;
    allNear(axes.dimensions.map(({ index }) => axes.read(z, index)), before);
    assert.equal(axes.dimensions[1].name, "PC2");
  }
});

test("latent axes are z itself", () => {
  const axes = makeAxes("latent", spaceOf(cases[0].lines)), z = Float32Array.from(cases[0].lines.codes[0]), other = z.slice();
  other[4] = axes.read(z, 4) + 1;
  axes.write(z, 4, other[4]);
  assert.deepEqual(z, other);
  assert.equal(axes.dimensions[4].name, "z4");
});

test("where axes leave the data, the code is at the edge", () => {
  for (const { gauge: { cloud, z: [inside, ...others] }, lines } of cases) {
    const limit = cloud.distances.at(-3); // of 201, the quantile 0.99
    const far = others.at(-1).map((value) => 100 * (value + 1));
    for (const id of ["latent", "principal"]) {
      const axes = makeAxes(id, spaceOf(lines));
      axes.reach(cloud, inside).forEach((ends, index) => {
        for (const end of ends) {
          const z = Float64Array.from(inside);
          axes.write(z, index, end);
          near(mahalanobis(cloud, z), limit);
        }
      });
      assert.ok(axes.reach(cloud, far).every((ends) => ends === null));
    }
  }
});

test("a normal's deviation along a principal axis is that of its projection", () => {
  const space = spaceOf({ mean: [0, 0], principal: [{ vector: [0.6, 0.8] }, { vector: [-0.8, 0.6] }] });
  allNear(makeAxes("principal", space).spread([1, 2]), [Math.sqrt(0.36 + 4 * 0.64), Math.sqrt(0.64 + 4 * 0.36)]);
  assert.deepEqual(makeAxes("latent", space).spread([1, 2]), [1, 2]);
});

test("the link's view holds the axes and the panel's words", () => {
  for (const axes of ["latent", "principal"]) {
    for (const panel of [undefined, "3 rest", "principality"]) assert.deepEqual(splitView(joinView(axes, panel)), { axes, panel });
  }
  assert.equal(joinView("latent", null), null);
  assert.equal(joinView("principal", null), "principal");
  assert.deepEqual(splitView(null), { axes: "latent", panel: undefined });
});
