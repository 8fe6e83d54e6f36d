// Bicubic resizing, antialiased when shrinking: in whole numbers, along each axis as Pillow does it.

const BITS = 22;

/** Pixels in another height and width. */
export function resize(pixels, height, width) {
  const across = width === pixels.width ? pixels : along(pixels, width, true);
  return height === across.height ? across : along(across, height, false);
}

function along(pixels, length, horizontal) {
  const {channels} = pixels;
  const before = horizontal ? pixels.width : pixels.height;
  const windows = weights(before, length);
  const height = horizontal ? pixels.height : length;
  const width = horizontal ? length : pixels.width;
  const data = new Uint8Array(height * width * channels);
  const step = horizontal ? channels : pixels.width * channels;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const {first, shares} = windows[horizontal ? x : y];
      const from = horizontal
        ? (y * pixels.width + first) * channels
        : (first * pixels.width + x) * channels;
      for (let c = 0; c < channels; c++) {
        let sum = 1 << (BITS - 1);
        for (let i = 0; i < shares.length; i++) sum += pixels.data[from + i * step + c] * shares[i];
        data[(y * width + x) * channels + c] = Math.min(255, Math.max(0, sum >> BITS));
      }
    }
  }
  return {data, height, width, channels};
}

/** For each new pixel the first old one that it takes, and the shares of this and the next. */
function weights(before, after) {
  const scale = before / after;
  const stretch = Math.max(scale, 1);
  return Array.from({length: after}, (_, place) => {
    const center = (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - 2 * stretch + 0.5));
    const last = Math.min(before, Math.trunc(center + 2 * stretch + 0.5));
    const shares = Float64Array.from({length: last - first}, (_, i) =>
      bicubic((i + first - center + 0.5) / stretch),
    );
    const total = shares.reduce((sum, share) => sum + share, 0);
    return {first, shares: shares.map((share) => rounded((share / total) * (1 << BITS)))};
  });
}

/** The kernel with a = -0.5. */
function bicubic(distance) {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? -0.5 * (((x - 5) * x + 8) * x - 4) : 0;
}

function rounded(value) {
  return Math.trunc(value < 0 ? value - 0.5 : value + 0.5);
}
