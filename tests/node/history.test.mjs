// Undo and redo.

import assert from "node:assert/strict";
import test from "node:test";
import { History } from "../../app/components/js/history.js";

test("steps are undone, done again, and forgotten when another way is taken", () => {
  const history = new History();
  assert.equal(history.go(-1), null);
  for (const step of ["a", "b", "b", "c"]) history.push(step);
  assert.deepEqual([history.go(-1), history.go(-1), history.go(-1)], ["b", "a", null]);
  assert.equal(history.go(1), "b");
  history.push("b");
  assert.ok(history.can(1), "the step that one stands on forgets nothing");
  history.push("d");
  assert.ok(!history.can(1));
  assert.equal(history.go(-1), "b");
});
