// Small things that both kinds of page do with their elements.

import {toRgba} from './pixels.js';

/** The element of an id. */
export const one = (id) => document.getElementById(id);

/** Says how things are; a fault in another colour. */
export function say(text, {bad = false, where = 'state'} = {}) {
  one(where).textContent = text;
  one(where).classList.toggle('bad', bad);
}

/** The user wants something else by now: not a fault. */
export class Stopped extends Error {}

/** An action whose faults are said in words. */
export function guarded(action) {
  return async (...given) => {
    try {
      await action(...given);
    } catch (error) {
      if (error instanceof Stopped) return;
      console.error(error);
      say(error.message, {bad: true});
      showProgress(null);
    }
  };
}

/** Shows how much is done, from 0 to 1; null hides it. */
export function showProgress(share) {
  if (one('stop')) one('stop').hidden = true;
  one('progress').hidden = share === null;
  if (share !== null) one('progress').value = share;
}

/** Fills a select: value -> text. One choice is none, and is hidden. */
export function fill(select, choices, chosen) {
  select.replaceChildren(...Object.entries(choices).map(([value, text]) => new Option(text, value)));
  select.value = chosen ?? Object.keys(choices)[0];
  select.closest('label').hidden = Object.keys(choices).length < 2;
}

/** Facts in a list: name -> text. */
export function list(where, facts) {
  const items = Object.entries(facts).flatMap(([name, text]) => {
    const [term, fact] = [document.createElement('dt'), document.createElement('dd')];
    [term.textContent, fact.textContent] = [name, text];
    return [term, fact];
  });
  one(where).replaceChildren(...items);
}

/** Shows pixels on a canvas. */
export function show(canvas, pixels) {
  [canvas.width, canvas.height] = [pixels.width, pixels.height];
  canvas.getContext('2d').putImageData(toRgba(pixels), 0, 0);
}

/** Lets the browser draw what changed. */
export const nextFrame = () => new Promise((resolve) => setTimeout(resolve));

/** Saves a canvas as a file. */
export async function save(canvas, name) {
  const content = await new Promise((resolve) => canvas.toBlob(resolve));
  const link = document.createElement('a');
  [link.href, link.download] = [URL.createObjectURL(content), name];
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
