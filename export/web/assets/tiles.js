// Where the tiles of a large picture lie, and how much each counts where they overlap: the
// arithmetic of `tfi2i translate --tile`.

/** First pixels of tiles that cover one axis, spread evenly, each half covered by its neighbour. */
export function tileStarts(length, tile) {
  const stride = Math.max(1, Math.floor(tile / 2));
  const count = 1 + Math.ceil((length - tile) / stride);
  const between = Math.max(1, count - 1);
  return Array.from({length: count}, (_, i) => roundedToEven((i * (length - tile)) / between));
}

/** For each tile of one axis the weights of its pixels: raised cosines that sum to one. */
export function blendWeights(starts, tile) {
  const shared = starts.slice(1).map((start, i) => starts[i] + tile - start);
  const ramp = Math.min(...shared, tile / 2);
  const window = Float64Array.from({length: tile}, (_, i) => {
    const toBorder = Math.min(i + 0.5, tile - i - 0.5);
    return ramp ? Math.sin(0.5 * Math.PI * Math.min(toBorder / ramp, 1)) ** 2 : 1;
  });
  const total = new Float64Array(starts[starts.length - 1] + tile);
  for (const start of starts) window.forEach((weight, i) => (total[start + i] += weight));
  return starts.map((start) => Float32Array.from(window, (weight, i) => weight / total[start + i]));
}

/** A side as a network computes it: a multiple, and at least 8. */
export function paddedSide(side, multiple) {
  return Math.ceil(Math.max(side, 8) / multiple) * multiple;
}

export function roundedToEven(value) {
  const near = Math.round(value);
  return near - value === 0.5 && near % 2 ? near - 1 : near;
}
