// Latents: drawn from a seed, and the way from one to another.

/** `count` numbers of the prior, "normal" or "uniform" on [-1, 1]; the same for the same seed. */
export function drawn(seed, count, prior) {
  const uniform = generator(seed);
  return Float32Array.from({length: count}, () => {
    if (prior === 'uniform') return 2 * uniform() - 1;
    return Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  });
}

/**
 * The latent at a share of the way from one to another.
 *
 * Normal latents lie near a sphere, along which the way goes; the straight way leads through its
 * middle, where there are hardly any.
 */
export function between(one, other, share, prior) {
  const length = Math.sqrt(product(one, one) * product(other, other));
  const cosine = product(one, other) / Math.max(length, 1e-12);
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  let [first, second] = [1 - share, share];
  if (prior === 'normal' && Math.sin(angle) >= 1e-6) {
    first = Math.sin((1 - share) * angle) / Math.sin(angle);
    second = Math.sin(share * angle) / Math.sin(angle);
  }
  return one.map((value, i) => first * value + second * other[i]);
}

function product(one, other) {
  return one.reduce((sum, value, i) => sum + value * other[i], 0);
}

/** Uniform numbers from 0 to 1, without 1: Mulberry32. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
