// The map's ramps, lasso, pictures, picking and link.
import assert from "node:assert/strict";
import test from "node:test";

import { choices, colouring, onRamp, ramp } from "../../app/components/atlas/colours.js";
import { counts, enclosed, makeLasso, mean } from "../../app/components/atlas/lasso.js";
import { number } from "../../app/components/atlas/legend.js";
import { makeNearest } from "../../app/components/atlas/nearest.js";
import { readView, writeView } from "../../app/components/atlas/place.js";
import { drawPoints } from "../../app/components/atlas/points.js";
import { makePick } from "../../app/components/atlas/run.js";
import { drawPictures, spreadOut } from "../../app/components/atlas/thumbnails.js";
import { makeView } from "../../app/components/atlas/view.js";

function random(seed) {
  return () => ((seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32);
}

// --- ramps ---

const linear = (byte) => (byte <= 10 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4);
const rgb = (colour) => [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255].map(linear);
const times = (matrix, v) => matrix.map((row) => row[0] * v[0] + row[1] * v[1] + row[2] * v[2]);

// sRGB to OKLab as its author gives it, the way back of what the page computes
function oklab(light) {
  const lms = times([[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]], light);
  return times([[0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099], [0.0259040371, 0.7827717662, -0.808675766]], lms.map(Math.cbrt));
}

// Machado, Oliveira and Fernandes 2009: what is seen without red or green cones, on linear light
const SIGHT = {
  all: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
};
const apart = (a, b) => Math.hypot(...a.map((value, i) => value - b[i]));
const luminance = (colour) => times([[0.2126, 0.7152, 0.0722]], rgb(colour))[0];
const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);

for (const [onDark, ground, least] of [[false, 0xfffbfcfc, 2], [true, 0xff141512, 2.5]]) {
  const colours = ramp(onDark);

  test(`equal steps of the ramp look equal, also without red-green sight: ${onDark ? "dark" : "light"}`, () => {
    const wide = (sight) => {
      const seen = Array.from({ length: 9 }, (_, i) => oklab(times(SIGHT[sight], rgb(colours[Math.round((i * 255) / 8)])).map((x) => Math.max(0, x))));
      return seen.slice(1).map((one, i) => apart(one, seen[i]));
    };
    const steps = wide("all"), even = steps.reduce((a, b) => a + b) / 8;
    assert.ok(steps.every((step) => Math.abs(step / even - 1) < 0.06), steps.join(" "));
    for (const sight of ["no red", "no green"]) assert.ok(wide(sight).every((step) => step > 0.6 * even), sight);
  });

  test(`the ramp grows away from the ground and every colour stands out: ${onDark ? "dark" : "light"}`, () => {
    const ratios = Array.from(colours, (colour) => contrast(luminance(colour), luminance(ground)));
    assert.ok(ratios.every((ratio, i) => i === 0 || ratio >= ratios[i - 1] - 0.02));
    assert.ok(ratios[0] >= least && ratios.at(-1) > 3 * ratios[0], `${ratios[0]} ${ratios.at(-1)}`);
  });
}

test("a ramp's ends are percentiles, and what lies beyond has the last colour", () => {
  const values = Float32Array.from({ length: 1001 }, (_, i) => i);
  values[1000] = 1e6;
  const { groups, low, high } = onRamp(values);
  assert.deepEqual([low, high], [10, 990]);
  assert.deepEqual([groups[0], groups[10], groups[500], groups[990], groups[1000]], [0, 0, 128, 255, 255]);
});

test("one value for all is a ramp, too", () => {
  assert.deepEqual([...onRamp(new Float32Array(5).fill(3)).groups], [0, 0, 0, 0, 0]);
});

test("dots are coloured by class, by error or by a dimension of the code", () => {
  const map = { labels: Uint8Array.of(1, 0, 1), sse: Float32Array.of(5, 7, 6), codes: Float32Array.of(0, 9, 0, 8, 0, 7), d: 2 };
  assert.deepEqual([...colouring("class", map, 2).groups], [1, 0, 1]);
  assert.equal(colouring("class", map, 2).low, undefined);
  assert.equal(new Set(colouring("class", map, 2).colours(false)).size, 2);
  assert.deepEqual([...colouring("sse", map, 2).groups], [0, 255, 128]);
  assert.deepEqual([...colouring("z1", map, 2).groups], [255, 128, 0]);
  assert.deepEqual(choices([1, 0], 4).map(({ id }) => id), ["class", "sse", "z1", "z0"]);
});

test("a legend's numbers have three digits", () => {
  assert.deepEqual([-1.23456, 0, 12345, 0.00012345].map(number), ["−1.23", "0", "12300", "0.000123"]);
});

// --- the lasso ---

test("the lasso holds what is inside, whichever way it turns and however it is bent", () => {
  const r = random(11);
  const points = Float32Array.from({ length: 2000 }, () => 4 * r() - 2);
  const all = Int32Array.from({ length: 1000 }, (_, i) => i);
  const ring = Array.from({ length: 64 }, (_, i) => [Math.cos((i * Math.PI) / 32), Math.sin((i * Math.PI) / 32)]);
  const inside = (i) => {
    const angle = Math.PI / 32, [x, y] = [points[2 * i], points[2 * i + 1]];
    const nearest = (Math.floor(Math.atan2(y, x) / angle) + 0.5) * angle; // the side that the point looks at
    return x * Math.cos(nearest) + y * Math.sin(nearest) < Math.cos(angle / 2);
  };
  assert.deepEqual([...enclosed(points, all, ring)], [...all.filter(inside)]);
  assert.deepEqual([...enclosed(points, all, [...ring].reverse())], [...all.filter(inside)]);
  const notched = [[-1, -1], [1, -1], [1, 1], [0, -0.5], [-1, 1]];
  const four = Float32Array.of(0, 0, 0.8, 0, -0.8, 0, 0, -0.8);
  assert.deepEqual([...enclosed(four, Int32Array.of(0, 1, 2, 3), notched)], [1, 2, 3]);
  assert.deepEqual([...enclosed(four, Int32Array.of(1), notched)], [1]);
  assert.equal(enclosed(four, Int32Array.of(0, 1, 2, 3), notched.slice(0, 2)).length, 0);
});

test("a line has a corner where the pointer has moved", () => {
  const lasso = makeLasso();
  assert.ok(lasso.add(0, 0, 100));
  assert.ok(!lasso.add(0.02, 0, 100));
  assert.ok(lasso.add(0.04, 0, 100));
  assert.deepEqual(lasso.corners(), [[0, 0], [0.04, 0]]);
  lasso.clear();
  assert.deepEqual(lasso.corners(), []);
});

test("a group is counted by class, the most first, and has a mean", () => {
  assert.deepEqual(counts([0, 1, 2, 3], Uint8Array.of(2, 0, 0, 1)), [[0, 2], [1, 1], [2, 1]]);
  assert.equal(mean([0, 2], [1, 100, 4]), 2.5);
  assert.equal(mean([7, 9].keys(), [1, 4]), 2.5);
});

// --- pictures and dots ---

test("pictures never overlap, no dot is lost, and each without one would overlap", () => {
  const r = random(2);
  const points = Float32Array.from({ length: 1200 }, () => 10 * r() - 5);
  const among = Int32Array.from({ length: 500 }, (_, i) => i + 50);
  const { pictured, rest } = spreadOut(points, among, 0.7);
  const clash = (i, j) => Math.abs(points[2 * i] - points[2 * j]) < 0.7 && Math.abs(points[2 * i + 1] - points[2 * j + 1]) < 0.7;
  assert.deepEqual([...pictured, ...rest].sort((a, b) => a - b), [...among]);
  assert.ok(pictured.every((i) => pictured.every((j) => i === j || !clash(i, j))));
  assert.ok(rest.every((i) => pictured.some((j) => j < i && clash(i, j))));
  assert.equal(pictured[0], 50);
});

test("a picture has its image's greys in a frame of its dot's colour, and is cut at the edge", () => {
  const pixels = new Uint32Array(100), frame = 0xff123456;
  const look = {
    points: Float32Array.of(0, 0), groups: [0], colours: [frame], among: [0], place: { x: 5, y: 5, scale: 1 },
    images: Uint8Array.of(1, 2, 3, 4), side: [2, 2], size: 4, ratio: 0.5,
  };
  drawPictures(pixels, 10, 10, look);
  const grey = (value) => (0xff000000 | (value * 0x010101)) >>> 0;
  assert.deepEqual([...pixels.slice(30, 40)], [0, 0, frame, ...[1, 1, 2, 2].map(grey), frame, 0, 0]);
  assert.deepEqual([...pixels.slice(60, 70)], [0, 0, frame, ...[3, 3, 4, 4].map(grey), frame, 0, 0]);
  assert.equal(pixels.filter((value) => value === frame).length, 20);
  pixels.fill(0);
  drawPictures(pixels, 10, 10, { ...look, place: { x: 0, y: 10, scale: 1 } });
  assert.deepEqual([...pixels.slice(90, 94)], [...[2, 2].map(grey), frame, 0]);
  assert.equal(pixels.filter(Boolean).length, 9);
});

test("only the points that are asked for are drawn", () => {
  const pixels = new Uint32Array(400).fill(0xff000000);
  const look = { points: Float32Array.of(5, -5, 15, -15), groups: [0, 1], colours: [0xff0000ff, 0xff00ff00], place: { x: 0, y: 0, scale: 1 }, radius: 2, alpha: 1 };
  drawPoints(pixels, 20, 20, { ...look, among: [1] });
  assert.equal(pixels[5 * 20 + 5], 0xff000000);
  assert.ok(((pixels[15 * 20 + 15] >> 8) & 255) > 250);
});

test("only shown points can be picked, and only within reach", () => {
  const points = Float32Array.of(0, 0, 1, 0, 2, 0), map = { points, search: makeNearest(points) };
  const some = makePick(map, Int32Array.of(0, 2)), all = makePick(map, Int32Array.of(0, 1, 2));
  assert.equal(all(1.1, 0, 0.5), 1);
  assert.equal(some(1.1, 0, 0.5), null);
  assert.equal(some(1.1, 0, 1), 2);
  assert.equal(makePick(map, new Int32Array(0))(0, 0, 9), null);
});

// --- the link ---

const view = () => Object.assign(makeView({ left: -1, bottom: -1, width: 2, height: 2 }), { width: 400, height: 400 });
const ids = ["class", "sse", "z3"];
const query = (values) => new URLSearchParams(Object.entries(values).filter(([, value]) => value !== null));

test("a view is restored from the link that it wrote", () => {
  const there = view();
  there.zoomAt(300, 120, 5);
  const written = writeView({ by: "z3", hidden: new Set([4, 1]), view: there, cursor: { x: 0.25, y: -0.5 } });
  assert.equal(written.hide, "1,4");
  const found = readView(query(written), ids, 10), again = view();
  again.show(...found.at);
  assert.deepEqual([found.by, [...found.hidden], found.cursor, found.wrong], ["z3", [1, 4], [0.25, -0.5], ""]);
  for (const name of ["x", "y", "zoom"]) assert.ok(Math.abs(again[name] - there[name]) < 1e-5);
});

test("the link of a first visit says no more than the cursor", () => {
  const written = writeView({ by: "class", hidden: new Set(), view: view(), cursor: { x: 1, y: 2 } });
  assert.deepEqual(written, { by: null, hide: null, at: null, cursor: "1,2" });
  assert.deepEqual(readView(new URLSearchParams(), ids, 10), { by: "class", hidden: new Set(), at: null, cursor: null, wrong: "" });
});

test("what a link says wrongly is named, and the rest is taken", () => {
  const found = readView(query({ by: "z99", hide: "1,12", at: "1,2", cursor: "3,4" }), ids, 10);
  assert.deepEqual([found.by, found.hidden.size, found.at, found.cursor], ["class", 0, null, [3, 4]]);
  for (const part of ["by=z99", "hide=1,12", "at=1,2"]) assert.ok(found.wrong.includes(part));
  for (const at of ["a,b,c", "1,2,", "1,2,Infinity"]) assert.ok(readView(query({ at }), ids, 10).wrong.includes("at="));
});
