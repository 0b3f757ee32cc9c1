// Own pictures: the brush, the size, the place. What Pillow makes of the same pictures stands in PICTURES.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { stroke } from "../../app/components/explorer/own/brush.js";
import { asBytes, brightBorder, fitPicture } from "../../app/components/explorer/own/fit.js";
import { greyOf } from "../../app/components/explorer/own/upload.js";
import { resample } from "../../app/components/explorer/own/resample.js";
import { parseTensors } from "../../app/components/js/tensors.js";
import { makeStack } from "../../app/components/js/stack.js";
import { toPixels } from "../../app/components/js/span.js";

const { resized, digits, drawn } = JSON.parse(readFileSync(process.env.PICTURES));

const near = (a, b, tolerance, words) => {
  assert.equal(a.length, b.length);
  a.forEach((value, i) => assert.ok(Math.abs(value - b[i]) <= tolerance, `${words} ${i}: ${value} ${b[i]}`));
};

// A grey picture with a rectangle, [left, top, right, bottom], on a background.
function rectangle(width, height, [left, top, right, bottom], ink, background) {
  const grey = Float32Array.from({ length: width * height }, (_, i) => {
    const x = i % width, y = Math.floor(i / width);
    return x >= left && x < right && y >= top && y < bottom ? ink : background;
  });
  return { grey, width, height };
}

function massOf(grey, width) {
  let mass = 0, x = 0, y = 0;
  grey.forEach((value, i) => {
    mass += value;
    x += value * ((i % width) + 0.5);
    y += value * (Math.floor(i / width) + 0.5);
  });
  return [x / mass, y / mass];
}

test("pictures are resized as by Pillow, smaller and larger", () => {
  assert.ok(resized.length > 3);
  for (const { grey, width, height, region, size, expected } of resized) {
    near(resample({ grey, width, height }, region, ...size), expected, 2e-6, `${region.left} ${size}`);
  }
});

test("a fine pattern becomes grey, not stripes", () => {
  const stripes = { grey: Float32Array.from({ length: 280 * 280 }, (_, i) => i % 2), width: 280, height: 280 };
  const made = resample(stripes, { left: 0, top: 0, right: 280, bottom: 280 }, 28, 28);
  near(made, new Float32Array(784).fill(0.5), 0.03, "grey");
});

test("nothing but black lies outside the picture", () => {
  const made = resample({ grey: [1], width: 1, height: 1 }, { left: -1, top: -1, right: 2, bottom: 2 }, 3, 3);
  assert.equal(made[4], 1);
  const far = resample({ grey: [1], width: 1, height: 1 }, { left: 5, top: 5, right: 8, bottom: 8 }, 3, 3);
  assert.deepEqual([...far], Array(9).fill(0));
});

test("a picture is inverted where its border is bright", () => {
  assert.equal(brightBorder(rectangle(40, 30, [10, 5, 20, 25], 0, 1)), true);
  assert.equal(brightBorder(rectangle(40, 30, [10, 5, 20, 25], 1, 0.1)), false);
  assert.equal(brightBorder(rectangle(40, 30, [0, 0, 12, 30], 0, 0.9)), true); // ink that touches the border
});

test("an MNIST picture: 20 pixels long, its mass in the middle, its ink at full strength on black", () => {
  for (const [width, height, place] of [[400, 300, [30, 40, 90, 240]], [60, 200, [5, 5, 20, 60]]]) {
    const made = fitPicture(rectangle(width, height, place, 0.4, 0.8), { invert: true, centre: true }, "mnist", [28, 28]);
    massOf(made, 28).forEach((middle) => assert.ok(Math.abs(middle - 14) < 0.05, `${middle}`));
    assert.ok(Math.abs(Math.max(...made) - 1) < 1e-5);
    const rows = made.reduce((sum, value, i) => sum + (i % 28 === 14 ? value : 0), 0);
    assert.ok(Math.abs(rows - 20) < 0.3, `${rows}`);
    assert.equal(made[0], 0);
  }
});

test("a lopsided digit lies by its mass, a lopsided garment by its box", () => {
  const grey = rectangle(100, 100, [20, 20, 80, 40], 1, 0).grey;
  rectangle(100, 100, [20, 40, 30, 76], 1, 0).grey.forEach((value, i) => { grey[i] = Math.max(grey[i], value); });
  const picture = { grey, width: 100, height: 100 }, choice = { invert: false, centre: true };
  massOf(fitPicture(picture, choice, "mnist", [28, 28]), 28).forEach((at) => assert.ok(Math.abs(at - 14) < 0.05));
  const garment = fitPicture(picture, choice, "fashion_mnist", [28, 28]);
  const columns = [...garment.keys()].filter((i) => garment[i] > 0.5).map((i) => i % 28);
  assert.deepEqual([Math.min(...columns), Math.max(...columns)], [0, 27]);
});

test("real digits, shifted and shown dark on white, come back", () => {
  for (const { grey, width, height, expected } of digits) {
    const picture = { grey, width, height };
    assert.ok(brightBorder(picture));
    const made = fitPicture(picture, { invert: true, centre: true }, "mnist", [28, 28]);
    const squared = made.reduce((sum, value, i) => sum + (value - expected[i]) ** 2, 0);
    const size = expected.reduce((sum, value) => sum + value ** 2, 0);
    assert.ok(squared < 0.03 * size, `${squared} of ${size}`);
  }
});

test("without centring a picture of the right size stays as it is", () => {
  const grey = Float32Array.from({ length: 784 }, (_, i) => (i % 28 > 3 && i % 28 < 9 ? 0.7 : 0));
  const picture = { grey, width: 28, height: 28 };
  near(fitPicture(picture, { invert: false, centre: false }, "fashion_mnist", [28, 28]), grey, 1e-6, "pixel");
});

test("an empty picture stays empty", () => {
  const blank = { grey: new Float32Array(100).fill(1), width: 10, height: 10 };
  const made = fitPicture(blank, { invert: true, centre: true }, "mnist", [28, 28]);
  assert.ok(made.every((value) => value === 0));
});

test("a face is the middle of its picture, less its own mean", () => {
  const picture = rectangle(60, 30, [10, 0, 50, 15], 0.8, 0.4);
  const made = fitPicture(picture, { invert: true, centre: true }, "olivetti", [25, 25]);
  assert.ok(Math.abs(made[0] - 0.8) < 1e-6 && Math.abs(made[624] - 0.4) < 1e-6, "neither inverted nor moved");
  const span = [-5, 3.5];
  const x = toPixels(asBytes(made, span), span);
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  assert.ok(Math.abs(mean) < 0.02, `${mean}`);
  assert.ok(Math.abs(x[0] - x[624] - (0.4 * 255 * 8.5) / 255) < 0.05); // a grey level is a byte
});

test("grey in [0, 1] is stored as bytes", () => {
  assert.deepEqual([...asBytes(Float32Array.of(-0.1, 0, 0.5, 1, 1.1), [0, 1])], [0, 0, 128, 255, 255]);
});

test("a stroke is soft, as wide as its brush, and the same when it is drawn twice", () => {
  const grey = new Float32Array(784);
  stroke(grey, 28, [4, 14], [24, 14], 1.5, 1);
  const column = [...grey].filter((_, i) => i % 28 === 14);
  assert.ok(Math.abs(column.reduce((sum, value) => sum + value, 0) - 3) < 1e-5);
  const soft = new Float32Array(784);
  stroke(soft, 28, [14.3, 14.2], [14.3, 14.2], 2, 1);
  assert.ok(soft.some((value) => value > 0.1 && value < 0.9));
  const again = grey.slice();
  stroke(again, 28, [4, 14], [24, 14], 1.5, 1);
  assert.deepEqual(again, grey);
  stroke(grey, 28, [0, 14], [28, 14], 4, 0);
  assert.ok(grey.every((value) => value === 0), "the eraser takes it away");
});

test("a drawn picture is encoded as numpy encodes it", () => {
  assert.ok(drawn.length > 0);
  for (const { file, span, bytes, code } of drawn) {
    const stack = makeStack(parseTensors(readFileSync(file)), "encoder");
    const z = stack.forward(toPixels(Uint8Array.from(bytes), span));
    z.forEach((value, i) => assert.ok(Math.abs(value - code[i]) < 1e-5 * (1 + Math.abs(code[i])) * 10, `${value} ${code[i]}`));
  }
});

test("colours become luma, and what is transparent the opposite of the rest", () => {
  near(greyOf([255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 255, 255, 255, 255]), [0.299, 0.587, 0.114, 1], 1e-6, "luma");
  near(greyOf([0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0, 51]), [0, 1, 0.8], 1e-6, "dark on nothing");
  near(greyOf([255, 255, 255, 255, 0, 0, 0, 0]), [1, 0], 1e-6, "bright on nothing");
});
