// How plausible a code is: where it lies among the test codes, and under the prior. As `aecore.latents`.

const EDGE = 0.99; // beyond this share of the test codes a code has left the data

// codes: (n, d) in one array -> {d, mean, inverse, sorted, limit}: the mean, L^-1 of their covariance L L^T (rows, lower),
// the squared Mahalanobis lengths of all codes in order, and the one where the data end. The covariance's diagonal gets
// the jitter of `latents.fit_gaussian`.
export function fitCodes(codes, d) {
  const n = codes.length / d, mean = new Float64Array(d), covariance = new Float64Array(d * d);
  for (let i = 0; i < codes.length; i++) mean[i % d] += codes[i] / n;
  const centred = new Float64Array(d);
  for (let at = 0; at < codes.length; at += d) {
    for (let i = 0; i < d; i++) centred[i] = codes[at + i] - mean[i];
    for (let i = 0; i < d; i++) for (let j = 0; j <= i; j++) covariance[i * d + j] += centred[i] * centred[j] / (n - 1);
  }
  let trace = 0;
  for (let i = 0; i < d; i++) trace += covariance[i * d + i];
  for (let i = 0; i < d; i++) covariance[i * d + i] += 1e-6 * trace / d + 1e-12;
  const fit = { d, mean, inverse: invertLower(cholesky(covariance, d), d) };
  fit.sorted = Float64Array.from({ length: n }, (_, at) => mahalanobis(fit, codes.subarray(at * d, (at + 1) * d))).sort();
  fit.limit = fit.sorted[Math.floor(EDGE * n)];
  return fit;
}

// (z - mean)^T C^-1 (z - mean) = | L^-1 (z - mean) |^2
export function mahalanobis(fit, z) {
  return squaredLength(whiten(fit, z));
}

// The share of the test codes that lie nearer to their mean than z, by Mahalanobis distance.
export function farther(fit, z) {
  return shareBelow(fit.sorted, mahalanobis(fit, z));
}

// Whether z has left the data.
export function outside(fit, z) {
  return mahalanobis(fit, z) > fit.limit;
}

// For each dimension, all others staying, the values between which z has not left the data: [[low, high], ...]; null
// where there are none. With w = L^-1 (z - mean) and u the column of L^-1: | w + step u |^2 = limit.
export function reach(fit, z) {
  const { d, inverse, limit } = fit, w = whiten(fit, z), left = squaredLength(w) - limit;
  return Array.from({ length: d }, (_, i) => {
    let along = 0, square = 0;
    for (let k = i; k < d; k++) {
      along += inverse[k * d + i] * w[k];
      square += inverse[k * d + i] ** 2;
    }
    const root = Math.sqrt(along ** 2 - square * left);
    return Number.isNaN(root) ? null : [z[i] + (-along - root) / square, z[i] + (-along + root) / square];
  });
}

// The steps [low, high] along a vector between which z stays in the data, or null where it does nowhere.
export function reachAlong({ d, inverse, limit, mean }, z, vector) {
  let along = 0, square = 0, left = -limit;
  for (let i = 0; i < d; i++) {
    let w = 0, u = 0;
    for (let j = 0; j <= i; j++) {
      w += inverse[i * d + j] * (z[j] - mean[j]);
      u += inverse[i * d + j] * vector[j];
    }
    along += u * w;
    square += u * u;
    left += w * w;
  }
  const root = Math.sqrt(along ** 2 - square * left);
  return Number.isNaN(root) ? null : [(-along - root) / square, (-along + root) / square];
}

// The share of draws from N(0, I) with a higher density than z: the chi-square distribution with d degrees of freedom at
// |z|^2. P(a, x) = x^a e^-x / Gamma(a + 1) (1 + x / (a + 1) + x^2 / ((a + 1)(a + 2)) + ...), a = d / 2, x = |z|^2 / 2.
export function priorShare(z) {
  const a = z.length / 2, x = squaredLength(z) / 2;
  if (x > a + 40 * Math.sqrt(a) + 40) return 1; // to the last bit
  let logGamma = z.length % 2 ? Math.log(Math.PI) / 2 : 0; // of a + 1, from 1 / 2 or 1 up
  for (let k = z.length % 2 ? 0.5 : 1; k <= a; k++) logGamma += Math.log(k);
  let term = 1, sum = 1;
  for (let k = 1; term > 1e-17 * sum; k++) {
    term *= x / (a + k);
    sum += term;
  }
  return x && Math.min(1, Math.exp(a * Math.log(x) - x - logGamma) * sum);
}

// The share of the sorted values that are smaller, in [0, 1].
export function shareBelow(sorted, value) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low / sorted.length;
}

function whiten({ d, mean, inverse }, z) {
  const w = new Float64Array(d);
  for (let i = 0; i < d; i++) for (let j = 0; j <= i; j++) w[i] += inverse[i * d + j] * (z[j] - mean[j]);
  return w;
}

function squaredLength(vector) {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i] ** 2;
  return sum;
}

function cholesky(a, d) {
  const l = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * d + j];
      for (let k = 0; k < j; k++) sum -= l[i * d + k] * l[j * d + k];
      l[i * d + j] = i === j ? Math.sqrt(sum) : sum / l[j * d + j];
    }
  }
  return l;
}

function invertLower(l, d) {
  const inverse = new Float64Array(d * d);
  for (let column = 0; column < d; column++) {
    for (let i = column; i < d; i++) {
      let sum = i === column ? 1 : 0;
      for (let k = column; k < i; k++) sum -= l[i * d + k] * inverse[k * d + column];
      inverse[i * d + column] = sum / l[i * d + i];
    }
  }
  return inverse;
}
