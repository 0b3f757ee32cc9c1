// Lines through code space, as `aecore.directions`; codes: (n, d) in one array.

const TAIL = 0.005, MARGIN = 0.1; // of a range, as in `aecore.latents`

// The line origin + t v, and the place t of every code along it.
export class Direction {
  constructor(origin, vector) {
    Object.assign(this, { origin, vector, square: vector.reduce((sum, v) => sum + v * v, 0) });
  }

  // t = (z - origin) v / |v|^2, of the code that begins at the offset
  along(z, offset = 0) {
    let sum = 0;
    for (let i = 0; i < this.vector.length; i++) sum += (z[offset + i] - this.origin[i]) * this.vector[i];
    return sum / this.square;
  }

  // Takes z to the place t along this line and nowhere else.
  move(z, t) {
    const step = t - this.along(z);
    for (let i = 0; i < z.length; i++) z[i] += step * this.vector[i];
  }
}

// From the mean code of the rows b (t = 0) to that of the rows a (t = 1); null where these are one, or a group is empty.
export function attribute(codes, d, a, b) {
  const start = meanCode(codes, d, b), end = meanCode(codes, d, a);
  const vector = end.map((value, i) => value - start[i]);
  return vector.every(Number.isFinite) && vector.some(Boolean) ? new Direction(start, vector) : null;
}

function meanCode(codes, d, rows) {
  const sum = new Float64Array(d);
  for (const row of rows) for (let i = 0; i < d; i++) sum[i] += codes[row * d + i];
  return sum.map((value) => value / rows.length);
}

// The part of a direction that is worth walking, [low, high]: as `latents.ranges`, and both groups' means are in it.
export function worthWalking(codes, direction) {
  const d = direction.vector.length;
  const places = Float64Array.from({ length: codes.length / d }, (_, row) => direction.along(codes, row * d)).sort();
  const low = Math.min(0, quantile(places, TAIL)), high = Math.max(1, quantile(places, 1 - TAIL));
  const margin = (high - low) * MARGIN / 2;
  return [low - margin, high + margin];
}

// Between the sorted values next to it, in proportion.
export function quantile(sorted, share) {
  const at = share * (sorted.length - 1), below = Math.floor(at);
  return sorted[below] + (at - below) * (sorted[Math.ceil(at)] - sorted[below]);
}
