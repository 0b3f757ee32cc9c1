// The axes of the parallel coordinates.
import assert from "node:assert/strict";
import test from "node:test";

import { marksOf, placeOf, scoreAxis, spelled, valueOf, within } from "../../app/components/parallel/scale.js";

const LOG = { name: "lr", choices: null, low: 0.001, high: 0.1, log: true, whole: false };
const WHOLE = { name: "latent_dim", choices: null, low: 2, high: 10, log: false, whole: true };
const CHOICE = { name: "activation", choices: ["relu", "silu", "tanh"], low: 0, high: 0, log: false, whole: false };

test("a value's place is linear, logarithmic, or the middle of its part", () => {
  assert.deepEqual([0.001, 0.01, 0.1].map((value) => placeOf(LOG, value)).map((place) => Number(place.toFixed(9))), [0, 0.5, 1]);
  assert.deepEqual([2, 6, 10].map((value) => placeOf(WHOLE, value)), [0, 0.5, 1]);
  assert.deepEqual(CHOICE.choices.map((value) => placeOf(CHOICE, value)), [0.5 / 3, 1.5 / 3, 2.5 / 3]);
  assert.deepEqual([placeOf(WHOLE, -5), placeOf(WHOLE, 50)], [0, 1]);
  assert.equal(placeOf({ ...WHOLE, high: 2 }, 2), 0.5);
});

test("the value at a place goes back", () => {
  for (const value of [0.001, 0.02, 0.1]) assert.ok(Math.abs(valueOf(LOG, placeOf(LOG, value)) - value) < 1e-12);
  assert.deepEqual([0, 0.49, 1].map((place) => valueOf(WHOLE, place)), [2, 6, 10]);
  assert.deepEqual([0, 0.5, 1].map((place) => valueOf(CHOICE, place)), ["relu", "silu", "tanh"]);
});

test("marks are the ends and round numbers between, or every choice", () => {
  assert.deepEqual(marksOf(LOG), [0.001, 0.01, 0.1]);
  assert.deepEqual(marksOf(WHOLE), [2, 4, 6, 8, 10]);
  assert.deepEqual(marksOf({ ...WHOLE, low: 1, high: 3 }), [1, 2, 3]);
  assert.deepEqual(marksOf({ ...LOG, low: 0.003, high: 0.4 }), [0.003, 0.01, 0.1, 0.4]);
  assert.deepEqual(marksOf(CHOICE), CHOICE.choices);
});

test("a trial is kept where all its places lie in the ranges", () => {
  assert.equal(within([0.2, 0.5], [[0, 1], [0.5, 0.6]]), true);
  assert.equal(within([0.2, 0.5], [[0.3, 1], [0, 1]]), false);
  assert.equal(within([0.2, null], [[0, 1], [0, 1]]), true); // it has no score
  assert.equal(within([0.2, null], [[0, 1], [0, 0.9]]), false);
});

test("scores reach from the best to the worst of whole trainings, and an outlier stands at the end", () => {
  const of = (scores, state = "complete") => scores.map((score) => ({ state, score }));
  const axis = scoreAxis("BCE, nats", [...of([214, 216, 218]), ...of([400], "pruned"), ...of([null], "failed")]);
  assert.deepEqual([axis.name, axis.low, axis.high, axis.beyond], ["BCE, nats", 214, 218, false]);
  const wide = scoreAxis("", of([210, 211, 212, 213, 214, 9000]));
  assert.deepEqual([wide.low, wide.beyond], [210, true]);
  assert.ok(wide.high > 214 && wide.high < 230);
  assert.deepEqual([scoreAxis("", of([5, 7], "pruned")).high, scoreAxis("", []).high], [7, 0]);
});

test("numbers have four digits", () => {
  assert.deepEqual([0.0259476108, 512, "silu", 1e-5].map(spelled), ["0.02595", "512", "silu", "0.00001"]);
});
