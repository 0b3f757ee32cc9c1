// How plausible a code is: where it lies among a run's codes, and under the prior. As `aecore.plausible`.

const EDGE = 0.99; // beyond this share of the test codes a code has left the data

// A cloud of codes as `aecore.space.cloud` describes it, or null where that cannot be told: then no code lies outside,
// and no share is known. {mean (d), whiten: the lower rows of L^-1, with L L^T the
// covariance, distances: quantiles of the codes' squared Mahalanobis distances, from 0 to 1 in even steps}.

// (z - mean)^T C^-1 (z - mean) = | L^-1 (z - mean) |^2
export function mahalanobis(cloud, z) {
  return squaredLength(whiten(cloud, z));
}

// The share of the codes that lie nearer to their mean than z, or null.
export function shareNearer(cloud, z) {
  return cloud && shareAt(cloud.distances, mahalanobis(cloud, z));
}

// Whether z has left the data.
export function isOutside(cloud, z) {
  return cloud !== null && mahalanobis(cloud, z) > limitOf(cloud);
}

// For each vector the steps [low, high] along it between which z stays in the data, or null where it does nowhere. With
// w = L^-1 (z - mean) and u = L^-1 vector: | w + step u |^2 = limit.
export function reach(cloud, z, vectors) {
  if (!cloud) return vectors.map(() => [-Infinity, Infinity]);
  const w = whiten(cloud, z), left = squaredLength(w) - limitOf(cloud);
  return vectors.map((vector) => {
    let along = 0, square = 0;
    cloud.whiten.forEach((row, k) => {
      const u = row.reduce((sum, weight, j) => sum + weight * vector[j], 0);
      along += u * w[k];
      square += u * u;
    });
    const root = Math.sqrt(along ** 2 - square * left);
    return Number.isNaN(root) ? null : [(-along - root) / square, (-along + root) / square];
  });
}

// The share of draws from N(0, I) with a higher density than z: the chi-square distribution with d degrees of freedom at
// |z|^2. P(a, x) = x^a e^-x / Gamma(a + 1) (1 + x / (a + 1) + x^2 / ((a + 1)(a + 2)) + ...), a = d / 2, x = |z|^2 / 2.
export function priorShare(z) {
  const a = z.length / 2, x = squaredLength(z) / 2;
  if (x > a + 40 * Math.sqrt(a) + 40) return 1; // to the last bit
  let logGamma = z.length % 2 ? Math.log(Math.PI) / 2 : 0; // of 1 / 2 or of 1; then up to a + 1
  for (let k = z.length % 2 ? 0.5 : 1; k <= a; k++) logGamma += Math.log(k);
  let term = 1, sum = 1;
  for (let k = 1; term > 1e-17 * sum; k++) {
    term *= x / (a + k);
    sum += term;
  }
  return x && Math.min(1, Math.exp(a * Math.log(x) - x - logGamma) * sum);
}

function limitOf({ distances }) {
  return distances[Math.round(EDGE * (distances.length - 1))];
}

// The share at which even quantiles reach the value.
function shareAt(quantiles, value) {
  let low = 0, high = quantiles.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (quantiles[middle] < value) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return 0;
  if (low === quantiles.length) return 1;
  return (low - 1 + (value - quantiles[low - 1]) / (quantiles[low] - quantiles[low - 1])) / (quantiles.length - 1);
}

function whiten(cloud, z) {
  return cloud.whiten.map((row) => row.reduce((sum, weight, j) => sum + weight * (z[j] - cloud.mean[j]), 0));
}

function squaredLength(vector) {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i] ** 2;
  return sum;
}
