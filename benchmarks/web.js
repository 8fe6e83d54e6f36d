// Runs all files of the page's first view on both processors, and posts the pixels.

const module = (name) => import(new URL(`./${name}.js`, location).href);
const post = (place, found) => fetch(place, {method: 'POST', body: JSON.stringify(found)});

function kept({data, height, width, channels}) {
  let text = '';
  for (const value of data) text += String.fromCharCode(value);
  return {height, width, channels, data: btoa(text)};
}

try {
  const [{Engine}, {download, loadSite}, {readPicture}, {translate}, {draw}] = await Promise.all(
    ['engine', 'download', 'pictures', 'translation', 'drawing'].map(module),
  );
  const site = await loadSite();
  const [view] = Object.values(site.views);
  const [height, width] = view.size;
  const picture = async (name) =>
    readPicture(await (await fetch(`../${name}.png`)).blob(), view.channels[0]);
  for (const accelerator of ['wasm', 'webgpu']) {
    for (const model of view.models) {
      const engine = new Engine(new URL(`./litertjs-${site.litertjs}/`, location).href);
      const content = await download(new URL(model.file, location).href);
      const file = {model: content, numbers: model.numbers, height, width};
      await engine.open(file, accelerator, () => {});
      const name = `${accelerator} ${model.precision}`;
      if (site.kind === 'draw') {
        const run = (inputs) => engine.run(inputs, height, width);
        const made = [];
        for (const {inputs} of view.samples) made.push(kept(await draw(run, view, inputs)));
        await post('/found', {[`${name} own`]: made});
      } else {
        const run = (floats, h, w) =>
          engine.run({images: {floats, shape: [1, h, w, view.channels[0]]}}, h, w);
        for (const way of ['own', 'other', 'tiles']) {
          const given = await picture(way === 'tiles' ? 'other' : way);
          const how = {view, model, factor: 1, tiled: way === 'tiles'};
          await post('/found', {[`${name} ${way}`]: [kept(await translate(run, given, how))]});
        }
      }
      engine.close();
    }
  }
  await post('/end', {});
} catch (error) {
  await post('/end', {error: error.stack});
}
