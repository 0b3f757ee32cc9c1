// Undo and redo.

import assert from "node:assert/strict";
import test from "node:test";
import { History } from "../../app/components/js/history.js";

const place = (z, view = null) => ({ run: "ae", z, view });

test("steps are undone, done again, and forgotten when another way is taken", () => {
  const history = new History();
  assert.equal(history.go(-1), null);
  for (const z of ["a", "b", "b", "c"]) history.push(place(z));
  assert.deepEqual([history.go(-1)?.z, history.go(-1)?.z, history.go(-1)], ["b", "a", null]);
  assert.equal(history.go(1).z, "b");
  history.push(place("b"));
  assert.ok(history.can(1), "the step that one stands on forgets nothing");
  history.push(place("d"));
  assert.ok(!history.can(1));
  assert.equal(history.go(-1).z, "b");
});

test("a view alone is no step, and the later one is gone back to", () => {
  const history = new History();
  history.push(place("a", "early"));
  history.push(place("a", "late"));
  history.push(place("b"));
  assert.equal(history.go(-1).view, "late");
  assert.ok(!history.can(-1));
});
