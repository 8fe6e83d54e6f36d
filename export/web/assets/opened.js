// The model that a page has open: loaded, started, and proven on this device.

import {download, inMegabytes} from './download.js';
import {say, showProgress} from './elements.js';
import {Engine, WORDS} from './engine.js';

export class Opened {
  #loaded = new Map();

  constructor(site) {
    this.site = site;
    this.engine = new Engine(new URL(`./litertjs-${site.litertjs}/`, import.meta.url).href);
  }

  /**
   * Opens a model of a view.
   *
   * @param {object} view
   * @param {object} model One of its models.
   * @param {string} wanted See `Engine.open`.
   * @param {function} prove Runs the model on a picture to try, and gives the largest difference
   *     from Keras and what is allowed, in levels of 256.
   */
  async open(view, model, wanted, prove) {
    [this.view, this.model] = [view, model];
    const progress = (what) => (loaded, all) => {
      say(`Loading ${what}: ${inMegabytes(loaded)}`);
      showProgress(loaded / all);
    };
    if (!this.#loaded.has(model.file)) {
      const address = new URL(`./${model.file}`, import.meta.url).href;
      this.#loaded.set(model.file, await download(address, progress('the model')));
    }
    say('Starting …');
    const [height, width] = view.size;
    const file = {model: this.#loaded.get(model.file), numbers: model.numbers, height, width};
    await this.engine.open(file, wanted, progress('LiteRT.js'));
    if (wanted === 'auto' && this.engine.accelerator === 'webgpu') await this.#trusted(prove);
    showProgress(null);
  }

  /** Takes the main processor where the other one computes something else. */
  async #trusted(prove) {
    say('Trying the graphics processor …');
    let reason = null;
    try {
      const {largest, allowed} = await prove();
      if (largest > allowed) reason = `it differs from Keras by ${largest} of 255`;
    } catch (error) {
      reason = error.message;
    }
    if (reason !== null) {
      await this.engine.restart('wasm');
      this.engine.reason = reason;
    }
  }

  /** On what it computes, in words. */
  words() {
    const {accelerator, reason} = this.engine;
    return WORDS[accelerator] + (reason ? `; not the graphics processor: ${reason}` : '');
  }
}
