// The blobs of one run as what the map needs.

import { tensorsOf } from "../js/blobs.js";
import { makeStack } from "../js/stack.js";
import { blendInverse, planeInverse } from "./inverse.js";
import { makeNearest } from "./nearest.js";

// data: what the component was told; it waits for the blobs.
export async function loadRun(data) {
  const keys = [`map/${data.run}/${data.version}/${data.method}`, `codes/${data.run}/${data.version}`, `weights/${data.run}/${data.version}`, `images/${data.images}`];
  const [layout, { tensors }, weights, { tensors: { images, labels } }] = await Promise.all(keys.map(tensorsOf));
  const points = layout.tensors.points.data;
  const { data: codes, shape: [, d] } = tensors.codes;
  const search = makeNearest(points);
  return {
    points, codes, d, search,
    side: images.shape.slice(1), // height, width
    images: images.data,
    labels: labels.data,
    sse: tensors.sse.data,
    decode: makeStack(weights, "decoder").forward,
    lift: data.plane ? planeInverse(data.plane) : blendInverse(codes, d, search, data.neighbours),
    z: new Float32Array(d),
  };
}

// The nearest point within reach among some of the points, or null: -> near(x, y, reach), in the plane's units.
export function makePick({ points, search }, among) {
  const all = among.length === points.length / 2;
  const find = all ? search : makeNearest(Float32Array.from({ length: 2 * among.length }, (_, i) => points[2 * among[i >> 1] + (i & 1)]));
  return (x, y, reach) => {
    if (!among.length) return null;
    const { index, squared } = find(x, y, 1);
    return Math.sqrt(squared[0]) <= reach ? (all ? index[0] : among[index[0]]) : null;
  };
}
