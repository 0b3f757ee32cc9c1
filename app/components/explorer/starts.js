// Where exploring starts: {kind, number}, written "test-12", "mean-3", "sample-7", "zero", "train-5" or
// "own-3" in links. The last two are pictures that pictures.js keeps.

export function parseStart(text) {
  const [kind, number = "0"] = text.split("-");
  return { kind, number: Number(number) };
}

export function startName({ kind, number }) {
  return kind === "zero" ? "zero" : `${kind}-${number}`;
}

// Whether there is such a start in any browser: the last two kinds are not in all. space: as for startCode.
export function isStart(text, space) {
  const [, kind, number] = /^(test|mean|sample)-(\d{1,10})$/.exec(text) ?? [], { count, means } = space;
  const there = { test: number < count, mean: Boolean(means[Number(number)]), sample: hasSamples(space) && number < 2 ** 32 };
  return text === "zero" || (there[kind] ?? false);
}

// Whether there is something to draw samples from: one test code alone has no Gaussian.
export function hasSamples({ prior, gaussian }) {
  return Boolean(prior || gaussian);
}

// The code of a start, Float32Array (d). space: what the server says about the run's codes (`means`,
// `gaussian`: mean and Cholesky factor); codes: those of all test images, or null while they are on their way.
export function startCode({ kind, number }, space, codes) {
  const d = space.dimensions.length;
  if (kind === "test") return codes && codes.slice(number * d, (number + 1) * d);
  if (kind === "mean") return Float32Array.from(space.means[number]);
  if (kind === "sample") return sampleCode(space.gaussian, d, number);
  return new Float32Array(d);
}

// mean + L e with e ~ N(0, I), the same for the same seed; e itself where there is no Gaussian (a prior).
export function sampleCode(gaussian, d, seed) {
  const e = normals(seed, d);
  if (!gaussian) return e;
  return Float32Array.from(gaussian.mean, (mean, i) => gaussian.cholesky[i].reduce((sum, l, j) => sum + l * e[j], mean));
}

// Standard normal numbers by Box and Muller, from a seed.
export function normals(seed, count) {
  const uniform = uniforms(seed);
  return Float32Array.from({ length: count }, () =>
    Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()));
}

// mulberry32: [0, 1) from a 32-bit seed; short, and good enough for pictures.
function uniforms(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
