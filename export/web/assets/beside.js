// What a file takes beside a picture: the domain to go to, a latent, or the picture of a style.

import {drawn} from './latents.js';
import {toFloats} from './pixels.js';

/**
 * Named inputs beside `images`, as the engine takes them.
 *
 * @param {object} view Its `beside` says of what kind; null for nothing.
 * @param {?(Float32Array|number[]|object)} value A domain one-hot, a latent, or a style's pixels.
 */
export function besideInputs({beside}, value) {
  if (!beside) return {};
  if (beside.kind !== 'style') {
    return {[beside.kind]: {floats: Float32Array.from(value), shape: [1, beside.length]}};
  }
  const {data, height, width, channels} = value;
  return {style: {floats: toFloats(data), shape: [1, height, width, channels]}};
}

/** Runs the engine's open file on floats of a picture, with a value beside each. */
export function runner(engine, view, value) {
  const beside = besideInputs(view, value);
  return (floats, height, width) => {
    const images = {floats, shape: [1, height, width, view.channels[0]]};
    return engine.run({images, ...beside}, height, width);
  };
}

/** The domain of a number. */
export function oneHot(number, length) {
  return Float32Array.from({length}, (_, place) => Number(place === number));
}

/** The latent of a seed; without one the mean, at which `tfi2i translate` translates. */
export function latentOf({length}, seed) {
  return seed === null ? new Float32Array(length) : drawn(seed, length, 'normal');
}
