// A stack of dense layers, y = activation(W x + b), out of a run's weights file.

const ACTIVATIONS = {
  linear: () => {},
  relu: (y) => { for (let i = 0; i < y.length; i++) if (y[i] < 0) y[i] = 0; },
  sigmoid: (y) => { for (let i = 0; i < y.length; i++) y[i] = 1 / (1 + Math.exp(-y[i])); },
  tanh: (y) => { for (let i = 0; i < y.length; i++) y[i] = Math.tanh(y[i]); },
  silu: (y) => { for (let i = 0; i < y.length; i++) y[i] /= 1 + Math.exp(-y[i]); },
};

export function hasStack({ metadata }, name) {
  return name in JSON.parse(metadata.activations);
}

// file: what parseTensors returned; name: "encoder", "decoder", ...
// -> {inputs, outputs, forward(x)}; forward returns one Float32Array, overwritten by the next call.
export function makeStack({ metadata, tensors }, name) {
  const activations = JSON.parse(metadata.activations)[name];
  if (!activations) throw new Error(`The weights hold no stack '${name}'.`);
  const layers = activations.map((activation, i) =>
    makeLayer(tensors[`${name}.${i}.weight`], tensors[`${name}.${i}.bias`], activation));
  return {
    inputs: layers[0].inputs,
    outputs: layers.at(-1).outputs,
    forward: (x) => layers.reduce((values, layer) => applyLayer(layer, values), x),
  };
}

// The weights are turned to (in, out): each input then streams over one row, and a zero costs nothing.
function makeLayer({ data, shape: [outputs, inputs] }, bias, activation) {
  if (!ACTIVATIONS[activation]) throw new Error(`The activation '${activation}' is unknown to this page.`);
  const weights = new Float32Array(inputs * outputs);
  for (let o = 0; o < outputs; o++) for (let i = 0; i < inputs; i++) weights[i * outputs + o] = data[o * inputs + i];
  return { inputs, outputs, weights, bias: bias.data, activate: ACTIVATIONS[activation], y: new Float32Array(outputs) };
}

function applyLayer({ inputs, outputs, weights, bias, activate, y }, x) {
  y.set(bias);
  for (let i = 0; i < inputs; i++) {
    const value = x[i];
    if (value === 0) continue;
    const row = i * outputs;
    for (let o = 0; o < outputs; o++) y[o] += value * weights[row + o];
  }
  activate(y);
  return y;
}
