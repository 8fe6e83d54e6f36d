// Pictures of latents: one by one, as a grid, and on the way between latents.

import {between, drawn} from './latents.js';
import {toLevels} from './pixels.js';

// Latents between which a walk goes, and back to the first.
const STOPS = 6;

/**
 * Draws the picture of what the network takes.
 *
 * @param {function} run Named inputs to floats: (name -> {floats, shape}) -> promise.
 * @param {object} view
 * @param {{latents: Float32Array, condition: ?Float32Array}} inputs
 */
export async function draw(run, view, inputs) {
  const [height, width] = view.size;
  const given = Object.entries(inputs).filter(([, floats]) => floats);
  const named = given.map(([name, floats]) => [
    name,
    {floats: Float32Array.from(floats), shape: [1, floats.length]},
  ]);
  const data = toLevels(await run(Object.fromEntries(named)));
  return {data, height, width, channels: view.channels};
}

/** The latents of a seed, `count` of them: of the first the same for every count. */
export function latentsOf(view, seed, count) {
  const {latent_length: length, latent_prior: prior} = view;
  const all = drawn(seed, count * length, prior);
  return Array.from({length: count}, (_, i) => all.slice(i * length, (i + 1) * length));
}

/** The latent at a place of a seed's walk, from 0 to 1, where it is back at the beginning. */
export function latentOfWalk(view, seed, place) {
  const stops = latentsOf(view, seed, STOPS);
  const way = (place % 1) * STOPS;
  const stop = Math.floor(way);
  return between(stops[stop], stops[(stop + 1) % STOPS], way - stop, view.latent_prior);
}

/** Puts pictures of one size side by side, in so many columns. */
export function side(pictures, columns) {
  const {height, width, channels} = pictures[0];
  const rows = Math.ceil(pictures.length / columns);
  const data = new Uint8Array(rows * height * columns * width * channels).fill(255);
  pictures.forEach((picture, i) => {
    const [top, left] = [Math.floor(i / columns) * height, (i % columns) * width];
    for (let row = 0; row < height; row++) {
      const from = row * width * channels;
      const to = ((top + row) * columns * width + left) * channels;
      data.set(picture.data.subarray(from, from + width * channels), to);
    }
  });
  return {data, height: rows * height, width: columns * width, channels};
}
