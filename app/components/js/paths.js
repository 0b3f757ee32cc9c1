// Ways between two codes, as `aecore.latents`.

const PARALLEL = 1e-6; // below this the sine of an angle is no longer told from rounding

// (1 - t) a + t b
export function lerp(a, b, t) {
  return Float32Array.from(a, (value, i) => (1 - t) * value + t * b[i]);
}

// Along the arc: (sin((1 - t) w) a + sin(t w) b) / sin w, w the angle between a and b; lerp where they span no arc.
export function slerp(a, b, t) {
  const lengths = Math.sqrt(dot(a, a) * dot(b, b));
  const angle = Math.acos(Math.min(1, Math.max(-1, lengths ? dot(a, b) / lengths : 1)));
  const sine = Math.sin(angle);
  if (sine < PARALLEL) return lerp(a, b, t);
  const from = Math.sin((1 - t) * angle) / sine, to = Math.sin(t * angle) / sine;
  return Float32Array.from(a, (value, i) => from * value + to * b[i]);
}

function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
