import assert from "node:assert/strict";
import { test } from "node:test";

import { perBlock } from "../../app/components/tiles/tiles.js";

test("ten images stand in one row on a desktop and in two even rows on a phone", () => {
  assert.equal(perBlock(10, 1120), 10);
  assert.equal(perBlock(10, 358), 5);
});

test("blocks are as few and as even as the width allows", () => {
  assert.equal(perBlock(20, 1120), 10);
  assert.equal(perBlock(15, 1120), 8);
  assert.equal(perBlock(1, 358), 1);
  assert.equal(perBlock(3, 40), 1);
});
