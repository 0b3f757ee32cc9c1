// A stored encoder or decoder: dense layers, y = activation(W x + b).

import { parseTensors } from "./tensors.js";

const ACTIVATIONS = {
  linear: () => {},
  relu: (y) => y.forEach((v, i) => v < 0 && (y[i] = 0)),
  sigmoid: (y) => y.forEach((v, i) => (y[i] = 1 / (1 + Math.exp(-v)))),
  silu: (y) => y.forEach((v, i) => (y[i] = v / (1 + Math.exp(-v)))),
  tanh: (y) => y.forEach((v, i) => (y[i] = Math.tanh(v))),
};

// A weights file -> { encoder, decoder, ... }: functions of a Float32Array, each with `inputs` and `outputs`.
export function parseStacks(bytes) {
  const { metadata, tensors } = parseTensors(bytes);
  const activations = JSON.parse(metadata.activations);
  return Object.fromEntries(Object.entries(activations).map(([name, names]) => [name, makeStack(name, names, tensors)]));
}

// The returned function gives the same array at every call: copy it to keep it.
function makeStack(name, activations, tensors) {
  const layers = activations.map((activation, i) => makeLayer(tensors, `${name}.${i}`, activation));
  const forward = (x) => layers.reduce((y, layer) => layer.forward(y), x);
  return Object.assign(forward, { inputs: layers[0].inputs, outputs: layers.at(-1).outputs });
}

// Weights are turned to (in, out): the inner loop then streams through memory, and zero inputs are skipped.
function makeLayer(tensors, name, activation) {
  const { data, shape: [outputs, inputs] } = tensors.get(`${name}.weight`);
  const bias = tensors.get(`${name}.bias`).data;
  const turned = new Float32Array(data.length);
  for (let o = 0; o < outputs; o++) for (let i = 0; i < inputs; i++) turned[i * outputs + o] = data[o * inputs + i];
  const y = new Float32Array(outputs);
  const activate = ACTIVATIONS[activation];
  return { inputs, outputs, forward };

  function forward(x) {
    y.set(bias);
    for (let i = 0, at = 0; i < inputs; i++, at += outputs) {
      const v = x[i];
      if (v === 0) continue;
      for (let o = 0; o < outputs; o++) y[o] += v * turned[at + o];
    }
    activate(y);
    return y;
  }
}
