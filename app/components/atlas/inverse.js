// From a point of the map back to a code. `aecore.projection` has the same in numpy, with the equations.

// PCA: the plane z = mean + x axes[0] + y axes[1], exactly.
export function planeInverse({ mean, axes: [across, up] }) {
  return function lift(x, y, z) {
    for (let j = 0; j < z.length; j++) z[j] = mean[j] + x * across[j] + y * up[j];
  };
}

// No inverse exists: the k nearest codes, weighted so that the code is exact on a test point and
// changes continuously. codes: Float32Array (n, d); search: of nearest.js. `lift.near` holds the
// neighbours and weights of the last call.
export function blendInverse(codes, d, search, neighbours) {
  const k = Math.max(1, Math.min(neighbours, codes.length / d - 1));
  const near = { index: new Int32Array(k), weight: new Float64Array(k) };

  function lift(x, y, z) {
    const { count, index, squared } = search(x, y, k + 1);
    near.index.set(index.subarray(0, k));
    weigh(near.weight, squared, count > k ? Math.sqrt(squared[k]) : Infinity);
    z.fill(0);
    for (let i = 0; i < k; i++) {
      const from = near.index[i] * d;
      for (let j = 0; j < d; j++) z[j] += near.weight[i] * codes[from + j];
    }
  }
  lift.near = near;
  return lift;
}

// Franke and Little's weights ((reach - r) / (reach r))^2, summing to 1; `reach` is where a weight ends.
function weigh(weight, squared, reach) {
  let sum = 0;
  for (let i = 0; i < weight.length; i++) {
    const r = Math.sqrt(squared[i]);
    if (squared[0] === 0) weight[i] = r === 0 ? 1 : 0; // on a point; several codes may share it
    else weight[i] = reach === Infinity ? 1 / (r * r) : ((reach - r) / (reach * r)) ** 2;
    sum += weight[i];
  }
  for (let i = 0; i < weight.length; i++) weight[i] = sum > 0 ? weight[i] / sum : 1 / weight.length;
}
