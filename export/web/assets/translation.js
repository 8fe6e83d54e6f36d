// One picture of any size through a network, whole or by tiles, as `tfi2i translate` does it.

import {cut, mirrored, toFloats, toLevel, toLevels} from './pixels.js';
import {resize} from './resize.js';
import {blendWeights, paddedSide, roundedToEven, tileStarts} from './tiles.js';

/**
 * Whether a picture of this size is translated as one: the network is there in its size, and it is
 * not too large for a browser.
 */
export function goesWhole(view, model, height, width) {
  const [rows, columns] = [height, width].map((side) => paddedSide(side, view.multiple));
  if (rows === view.size[0] && columns === view.size[1]) return true;
  return model.numbers !== null && rows * columns <= view.max_pixels;
}

/** Height and width at which pixels are translated, for a factor of their sides. */
export function sizeInside(view, {height, width}, factor) {
  if (view.single_size) return view.size;
  return [height, width].map((side) => Math.max(1, roundedToEven(side * factor)));
}

/**
 * Translates pixels.
 *
 * @param {function} run Floats of a picture of a size to floats: (floats, height, width) -> promise.
 * @param {object} pixels Of the view's channels.
 * @param {{view: object, model: object, factor: number, tiled: boolean}} how
 * @param {function} report Is told the finished share, and may throw to stop.
 * @returns {Promise<object>} Pixels of the size of the given ones.
 */
export async function translate(run, pixels, {view, model, factor, tiled}, report = () => {}) {
  const [height, width] = sizeInside(view, pixels, factor);
  const scaled = resize(pixels, height, width);
  const made =
    tiled || !goesWhole(view, model, height, width)
      ? await byTiles(run, scaled, view, report)
      : await asOne(run, scaled, view);
  report(1);
  return resize(made, pixels.height, pixels.width);
}

async function asOne(run, pixels, view) {
  const [height, width] = [pixels.height, pixels.width].map((s) => paddedSide(s, view.multiple));
  const floats = toFloats(mirrored(pixels, height, width).data);
  const data = toLevels(await run(floats, height, width));
  return cut({data, height, width, channels: view.channels[1]}, 0, 0, pixels.height, pixels.width);
}

/** Adds up weighted tiles row by row; only one row of tiles is held as floats. */
async function byTiles(run, pixels, view, report) {
  const [down, right] = view.size;
  const image = mirrored(pixels, Math.max(pixels.height, down), Math.max(pixels.width, right));
  const channels = view.channels[1];
  const rows = tileStarts(image.height, down);
  const columns = tileStarts(image.width, right);
  const [rowWeights, columnWeights] = [blendWeights(rows, down), blendWeights(columns, right)];
  const line = image.width * channels;
  const data = new Uint8Array(image.height * line);
  const strip = new Float32Array(down * line);
  let done = 0;
  for (const [row, top] of rows.entries()) {
    for (const [column, left] of columns.entries()) {
      report(done++ / (rows.length * columns.length));
      const tile = await run(toFloats(cut(image, top, left, down, right).data), down, right);
      add(strip, line, tile, left * channels, channels, rowWeights[row], columnWeights[column]);
    }
    // The rows above the next tiles are complete.
    const complete = ((rows[row + 1] ?? image.height) - top) * line;
    for (let i = 0; i < complete; i++) data[top * line + i] = toLevel(strip[i]);
    strip.copyWithin(0, complete);
    strip.fill(0, strip.length - complete);
  }
  const whole = {data, height: image.height, width: image.width, channels};
  return cut(whole, 0, 0, pixels.height, pixels.width);
}

function add(strip, line, tile, offset, channels, down, across) {
  let from = 0;
  for (let y = 0; y < down.length; y++) {
    let to = y * line + offset;
    for (let x = 0; x < across.length; x++) {
      const weight = Math.fround(down[y] * across[x]);
      for (let c = 0; c < channels; c++) strip[to++] += Math.fround(tile[from++] * weight);
    }
  }
}
