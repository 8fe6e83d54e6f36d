// A device proves itself: pictures to try, beside what Keras made of them when the page was written.

import {draw} from './drawing.js';
import {say} from './elements.js';
import {readPicture} from './pictures.js';
import {largestDifference} from './pixels.js';
import {translate} from './translation.js';

/** The largest difference of a translated sample from Keras, and what is allowed, in levels. */
export async function proofOfTranslation(run, view, model, sample) {
  const given = await stored(sample.given, view.channels[0]);
  const made = await translate(run, given, {view, model, factor: 1, tiled: false});
  const largest = largestDifference(made, await stored(sample.made, view.channels[1]));
  return {largest, allowed: allowedLevels(model)};
}

/** The same of a drawn sample. */
export async function proofOfDrawing(run, view, model, sample) {
  const made = await draw(run, view, sample.inputs);
  const largest = largestDifference(made, await stored(sample.made, view.channels));
  return {largest, allowed: allowedLevels(model)};
}

/** Proves all samples, and says what came out. */
export async function showProof(samples, prove, model) {
  let largest = 0;
  for (const [number, sample] of samples.entries()) {
    say(`Picture ${number + 1} of ${samples.length} …`, {where: 'checked'});
    largest = Math.max(largest, (await prove(sample)).largest);
  }
  const allowed = allowedLevels(model);
  const bad = largest > allowed;
  say(
    `${samples.length} pictures, largest difference from Keras in float32: ${largest} of 255 ` +
      `(${bad ? 'more than' : 'at most'} ${allowed} are expected of ${model.precision}).`,
    {where: 'checked', bad},
  );
}

/** What the exporter measured of the file, twice over, and rounding. */
function allowedLevels(model) {
  return Math.ceil(model.max_abs * 127.5 * 2) + 2;
}

async function stored(address, channels) {
  return readPicture(await (await fetch(address)).blob(), channels);
}
