// How plausible a code is: where it lies among the test codes. As `aecore.latents`.

// codes: (n, d) in one array -> {mean, inverse, sorted}: the mean, L^-1 of their covariance L L^T (rows, lower), and the
// squared Mahalanobis lengths of all codes in order. The diagonal gets the jitter of `latents.fit_gaussian`.
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
  fit.sorted = Float64Array.from({ length: n }, (_, at) => mahalanobis(fit, codes, at * d)).sort();
  return fit;
}

// (z - mean)^T C^-1 (z - mean) = | L^-1 (z - mean) |^2
export function mahalanobis({ d, mean, inverse }, z, offset = 0) {
  let sum = 0;
  for (let i = 0; i < d; i++) {
    let whitened = 0;
    for (let j = 0; j <= i; j++) whitened += inverse[i * d + j] * (z[offset + j] - mean[j]);
    sum += whitened ** 2;
  }
  return sum;
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

// The share of the test codes that lie nearer to their mean than z, by Mahalanobis distance.
export function farther(fit, z) {
  return shareBelow(fit.sorted, mahalanobis(fit, z));
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
