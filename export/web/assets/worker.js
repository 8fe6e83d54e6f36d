// Computes in a thread of its own, so that the page stays quick. A classic worker: LiteRT.js loads
// its compiled code by importScripts.

let litert = null;
let sizing = null;
let accelerator = 'wasm';
let file = null; // {model, numbers}
let compiled = []; // [{height, width, model}], the newest first
const MOST_COMPILED = 2; // a whole picture and a tile

const ANSWERS = {
  /** Starts LiteRT.js: {library, loader: addresses, code: the compiled code}. */
  async start({library, loader, code}) {
    self.Module = {wasmBinary: code};
    litert = await import(library);
    sizing = await import('./sizes.js');
    await litert.loadLiteRt(loader);
    return {webgpu: litert.getWebGpuDevice() !== null};
  },

  /** Takes a model, and compiles it for its own size: {model, numbers, height, width, accelerator}. */
  async open({model, numbers, height, width, accelerator: chosen}) {
    for (const one of compiled) one.model.delete();
    [compiled, file, accelerator] = [[], {model, numbers, height, width}, chosen];
    if (chosen === 'webgpu') await onGraphicsProcessor(height, width);
    else await compiledFor(height, width);
    return {};
  },

  /** Runs it: {inputs: name -> {floats, shape}, height, width}. */
  async run({inputs, height, width}) {
    const model = await compiledFor(height, width);
    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([name, {floats, shape}]) => [
        name,
        new litert.Tensor(floats, shape),
      ]),
    );
    const results = Object.values(await model.run(tensors));
    const floats = (await results[0].data()).slice();
    for (const tensor of [...Object.values(tensors), ...results]) tensor.delete();
    return {floats};
  },
};

/** Compiles it, or says that it needs the main processor too. */
async function onGraphicsProcessor(height, width) {
  let made = null;
  try {
    made = await compiledFor(height, width);
  } catch (error) {
    console.warn(error); // Without words of use: "Asyncify is not defined".
  }
  if (!made?.isFullyAccelerated) throw new Error('it does not know all operators of this model');
}

async function compiledFor(height, width) {
  const place = compiled.findIndex((one) => one.height === height && one.width === width);
  const found = place >= 0 ? compiled.splice(place, 1)[0] : {height, width, model: null};
  if (found.model === null) {
    while (compiled.length >= MOST_COMPILED) compiled.pop().model.delete();
    const own = height === file.height && width === file.width;
    const content = own ? file.model : sizing.sized(file.model, file.numbers, height, width);
    // In float32 everywhere: half precision would give another picture on each device.
    found.model = await litert.loadAndCompile(content, {accelerator, gpuOptions: {precision: 'fp32'}});
  }
  compiled.unshift(found);
  return found.model;
}

// One request at a time: a model that runs must not be deleted.
let last = Promise.resolve();
self.onmessage = ({data: {id, request, ...given}}) => {
  last = last.then(async () => {
    try {
      const answer = await ANSWERS[request](given);
      self.postMessage({id, ...answer}, answer.floats ? [answer.floats.buffer] : []);
    } catch (error) {
      self.postMessage({id, error: error.message ?? String(error)});
    }
  });
};
