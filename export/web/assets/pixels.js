// Pixels of pictures and the floats of networks, as tfi2i converts them.
// Pixels are {data: Uint8Array, height, width, channels}, row by row; floats are in [-1, 1].

const FLOATS = Float32Array.from({length: 256}, (_, value) => Math.fround(value / 127.5) - 1);

/** Pixels of 1 (grey) or 3 channels from the RGBA of a canvas. */
export function fromRgba({data, width, height}, channels) {
  const count = width * height;
  const taken = new Uint8Array(count * channels);
  for (let i = 0; i < count; i++) {
    const [red, green, blue] = [data[4 * i], data[4 * i + 1], data[4 * i + 2]];
    if (channels === 3) {
      taken[3 * i] = red;
      taken[3 * i + 1] = green;
      taken[3 * i + 2] = blue;
    } else {
      taken[i] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16; // luma of ITU-R 601
    }
  }
  return {data: taken, height, width, channels};
}

/** What a canvas shows of pixels. */
export function toRgba({data, height, width, channels}) {
  const shown = new Uint8ClampedArray(4 * height * width);
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) shown[4 * i + c] = data[channels * i + (channels === 3 ? c : 0)];
    shown[4 * i + 3] = 255;
  }
  return new ImageData(shown, width, height);
}

/** Floats of pixel values. */
export function toFloats(values) {
  const floats = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) floats[i] = FLOATS[values[i]];
  return floats;
}

/** The pixel value of a float: rounded to the nearest, halves to the even one. */
export function toLevel(float) {
  const value = Math.fround(Math.fround(float + 1) * 127.5);
  let level = Math.round(value);
  if (level - value === 0.5 && level % 2) level -= 1;
  return Math.min(255, Math.max(0, level));
}

/** Pixel values of floats; anything that is no number is refused. */
export function toLevels(floats) {
  const levels = new Uint8Array(floats.length);
  for (let i = 0; i < floats.length; i++) {
    if (!Number.isFinite(floats[i])) throw new Error('the network gave values that are no numbers');
    levels[i] = toLevel(floats[i]);
  }
  return levels;
}

/** A part of pixels. */
export function cut(pixels, top, left, height, width) {
  const {channels} = pixels;
  if (!top && !left && height === pixels.height && width === pixels.width) return pixels;
  const data = new Uint8Array(height * width * channels);
  for (let row = 0; row < height; row++) {
    const from = ((top + row) * pixels.width + left) * channels;
    data.set(pixels.data.subarray(from, from + width * channels), row * width * channels);
  }
  return {data, height, width, channels};
}

/** Pixels that go on below and to the right, mirrored, back and forth where need be. */
export function mirrored(pixels, height, width) {
  const {channels} = pixels;
  if (height === pixels.height && width === pixels.width) return pixels;
  const rows = mirroredPlaces(pixels.height, height);
  const columns = mirroredPlaces(pixels.width, width);
  const data = new Uint8Array(height * width * channels);
  let to = 0;
  for (const row of rows) {
    for (const column of columns) {
      const from = (row * pixels.width + column) * channels;
      for (let c = 0; c < channels; c++) data[to++] = pixels.data[from + c];
    }
  }
  return {data, height, width, channels};
}

function mirroredPlaces(length, wanted) {
  const period = Math.max(2 * (length - 1), 1);
  return Int32Array.from({length: wanted}, (_, i) => Math.min(i % period, period - (i % period)));
}

/** The largest difference of two pictures' values, in levels of 256. */
export function largestDifference(one, other) {
  let largest = 0;
  for (let i = 0; i < one.data.length; i++) {
    largest = Math.max(largest, Math.abs(one.data[i] - other.data[i]));
  }
  return largest;
}
