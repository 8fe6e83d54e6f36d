// The worker from the page's side: a model on the graphics processor, or on the main one.

import {download} from './download.js';

const WITH_SIMD = 'litert_wasm_internal';
const WITHOUT = 'litert_wasm_compat_internal';
// i8x16.relaxed_swizzle in a module of one function: a browser that takes it has relaxed SIMD.
const RELAXED_SIMD = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 15, 1, 13, 0, 65, 1, 253,
  15, 65, 2, 253, 15, 253, 128, 2, 11,
);

export const WORDS = {webgpu: 'graphics processor (WebGPU)', wasm: 'main processor (WebAssembly)'};

export class Engine {
  #worker = null;
  #waiting = new Map();
  #count = 0;
  #opened = null;
  #start = null;
  #runtime;
  /** "webgpu" or "wasm": on what the open model computes. */
  accelerator = null;
  /** Why the graphics processor was not taken, in words; empty where it was, or was not asked for. */
  reason = '';

  /** @param {string} runtime Address of the folder with LiteRT.js. */
  constructor(runtime) {
    this.#runtime = runtime;
  }

  /**
   * Opens a model.
   *
   * @param {{model: Uint8Array, numbers: ?object, height: number, width: number}} file
   * @param {string} wanted "webgpu", "wasm", or "auto": the first where it works.
   * @param {function} report Is told bytes that were loaded, and all.
   */
  async open(file, wanted, report) {
    this.#opened = file;
    this.reason = '';
    const {webgpu} = await this.#started(report);
    if (wanted !== 'wasm') {
      try {
        if (!webgpu) throw new Error('this browser offers none');
        await this.#ask('open', {...file, accelerator: 'webgpu'});
        this.accelerator = 'webgpu';
        return;
      } catch (error) {
        if (wanted === 'webgpu') throw new Error(`The graphics processor: ${error.message}`);
        this.reason = error.message;
      }
    }
    await this.#ask('open', {...file, accelerator: 'wasm'});
    this.accelerator = 'wasm';
  }

  /** Runs the open model: name -> {floats, shape} to floats. */
  async run(inputs, height, width) {
    const {floats} = await this.#ask('run', {inputs, height, width});
    return floats;
  }

  /** Ends a thread that ran out of memory, or was told to stop, and opens the model in a new one. */
  async restart(accelerator = this.accelerator) {
    this.#end('stopped');
    await this.open(this.#opened, accelerator, () => {});
  }

  /** Ends the thread. */
  close() {
    this.#end('stopped');
  }

  #end(why) {
    this.#worker?.terminate();
    this.#worker = null;
    for (const {reject} of this.#waiting.values()) reject(new Error(why));
    this.#waiting.clear();
  }

  async #started(report) {
    if (this.#worker !== null) return this.#start;
    const name = WebAssembly.validate(RELAXED_SIMD) ? WITH_SIMD : WITHOUT;
    const code = await download(`${this.#runtime}${name}.wasm.gz`, report);
    this.#worker = new Worker(new URL('./worker.js', import.meta.url));
    this.#worker.onmessage = ({data: {id, error, ...answer}}) => {
      const {resolve, reject} = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) resolve(answer);
      else reject(new Error(error));
    };
    this.#worker.onerror = (event) => this.#end(event.message || 'the thread ended');
    const library = `${this.#runtime}litert.js`;
    this.#start = await this.#ask('start', {library, loader: `${this.#runtime}${name}.js`, code});
    return this.#start;
  }

  #ask(request, given) {
    return new Promise((resolve, reject) => {
      const id = this.#count++;
      this.#waiting.set(id, {resolve, reject});
      this.#worker.postMessage({id, request, ...given});
    });
  }
}
