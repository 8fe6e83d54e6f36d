// The controls of what is asked for beside a picture: a domain, a latent, or a style.

import {latentOf, oneHot} from './beside.js';
import {fill, guarded, one} from './elements.js';
import {pictureButton} from './picking.js';
import {readPicture} from './pictures.js';
import {resize} from './resize.js';

// More components than this are no use to set by hand.
const MOST_SLIDERS = 16;

export class Asking {
  #view = null;
  #changed;
  /** What is asked for, as `besideInputs` takes it; null where a view takes pictures alone. */
  value = null;
  /** The same in a file's name. */
  words = '';

  /** @param {function} changed Is called when its user asked for something else. */
  constructor(changed) {
    this.#changed = changed;
    one('domain').onchange = guarded(() => this.#ask());
    one('seed').onchange = guarded(() => this.#ask());
    one('another').onclick = guarded(() => {
      one('seed').value = one('seed').value === '' ? 0 : (Number(one('seed').value) + 1) >>> 0;
      return this.#ask();
    });
    one('mean').onclick = guarded(() => {
      one('seed').value = '';
      return this.#ask();
    });
    one('style').onchange = guarded(async ({target}) => {
      if (target.files.length) await this.#takeStyle(target.files[0]);
      target.value = '';
    });
    // What is dropped elsewhere is the picture.
    one('by_style').addEventListener('drop', guarded(async (event) => {
      event.preventDefault();
      event.stopPropagation();
      if (event.dataTransfer.files.length) await this.#takeStyle(event.dataTransfer.files[0]);
    }));
  }

  /** Shows the controls of a view, and asks for its first answer. */
  async open(view, name) {
    this.#view = view;
    const {kind, names, length} = view.beside ?? {};
    for (const other of ['domain', 'latents', 'style']) one(`by_${other}`).hidden = other !== kind;
    [this.value, this.words] = [null, name];
    if (kind === 'domain') fill(one('domain'), Object.fromEntries(names.entries()));
    if (kind === 'latents') {
      one('seed').value = '';
      one('components').hidden = length > MOST_SLIDERS;
      one('sliders').replaceChildren(...this.#sliders(length));
    }
    if (kind === 'style') await this.#fillStyles();
    else this.#read();
  }

  /** What stands beside a sample of the page. */
  async ofSample(view, sample) {
    if (view.beside?.kind !== 'style') return sample.beside;
    return this.#styled(await (await fetch(sample.style)).blob(), view);
  }

  async #ask() {
    this.#read();
    await this.#changed();
  }

  #read() {
    const {kind, names, length} = this.#view.beside ?? {};
    if (kind === 'domain') {
      const number = Number(one('domain').value);
      [this.value, this.words] = [oneHot(number, length), names[number]];
    }
    if (kind === 'latents') {
      const seed = one('seed').value === '' ? null : Number(one('seed').value) >>> 0;
      this.value = latentOf(this.#view.beside, seed);
      this.words = seed === null ? 'mean' : `seed-${seed}`;
      this.#sliderInputs().forEach((slider, i) => (slider.value = this.value[i]));
    }
  }

  #sliderInputs() {
    return [...one('sliders').querySelectorAll('input')];
  }

  #sliders(length) {
    if (length > MOST_SLIDERS) return [];
    return Array.from({length}, (_, i) => {
      const [label, slider] = [document.createElement('label'), document.createElement('input')];
      Object.assign(slider, {type: 'range', min: -3, max: 3, step: 0.05, className: 'track'});
      slider.oninput = guarded(async () => {
        this.value = this.value.map((before, place) => (place === i ? Number(slider.value) : before));
        [this.words, one('seed').value] = ['own', ''];
        await this.#changed();
      });
      label.append(`Component ${i + 1} of ${length}`, slider);
      return label;
    });
  }

  async #fillStyles() {
    const files = [...new Set(this.#view.samples.map(({style}) => style))];
    const buttons = files.map((file, number) =>
      pictureButton(file, `Style to try ${number + 1}`, (content) => this.#takeStyle(content)),
    );
    one('styles').replaceChildren(...buttons);
    this.value = await this.ofSample(this.#view, this.#view.samples[0]);
    buttons[0].setAttribute('aria-pressed', 'true');
  }

  async #takeStyle(file) {
    for (const button of one('styles').children) button.setAttribute('aria-pressed', 'false');
    this.value = await this.#styled(file, this.#view);
    await this.#changed();
  }

  async #styled(file, {beside}) {
    return resize(await readPicture(file, beside.length), ...beside.size);
  }
}
