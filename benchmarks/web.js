// Runs the files of a page on what asked.json says, and posts the pixels and the seconds.
//
// asked.json, beside the page: {runs: accelerator -> how often a picture is made again for its time,
// pictures: [{name, view, picture, tiled, beside}]}. A page that draws has its samples drawn.

const module = (name) => import(new URL(`./${name}.js`, location).href);
const post = (place, found) => fetch(place, {method: 'POST', body: JSON.stringify(found)});

function kept({data, height, width, channels}, seconds) {
  let text = '';
  for (const value of data) text += String.fromCharCode(value);
  return {height, width, channels, seconds, data: btoa(text)};
}

try {
  const [{Engine}, {runner, latentOf}, {download, loadSite}, {readPicture}, {translate}, {draw}] =
    await Promise.all(
      ['engine', 'beside', 'download', 'pictures', 'translation', 'drawing'].map(module),
    );
  const site = await loadSite();
  const asked = await (await fetch('../asked.json')).json();

  // The page starts itself beside, which takes time of the processor too.
  const started = () => document.body.dataset.ready === 'yes' || document.querySelector('#state.bad');
  while (!started()) await new Promise((resolve) => setTimeout(resolve, 50));

  const clock = async () => Number(await (await fetch('/clock')).text());

  /** Pixels, and the processor's seconds a run, of runs after a first one, which compiles. */
  async function timed(make, runs) {
    const pixels = await make();
    if (runs === 0) return kept(pixels, null);
    const begin = await clock();
    for (let run = 0; run < runs; run++) await make();
    return kept(pixels, ((await clock()) - begin) / runs);
  }

  async function translated(engine, view, model, one, runs) {
    const file = await (await fetch(`../${one.picture}`)).blob();
    const given = await readPicture(file, view.channels[0]);
    const value = one.beside ?? (view.beside && latentOf(view.beside, null));
    const how = {view, model, factor: 1, tiled: one.tiled};
    return timed(() => translate(runner(engine, view, value), given, how), runs);
  }

  for (const [accelerator, runs] of Object.entries(asked.runs)) {
    for (const [name, view] of Object.entries(site.views)) {
      const [height, width] = view.size;
      for (const model of view.models) {
        const engine = new Engine(new URL(`./litertjs-${site.litertjs}/`, location).href);
        const content = await download(new URL(model.file, location).href);
        await engine.open({model: content, numbers: model.numbers, height, width}, accelerator, () => {});
        const way = `${accelerator} ${model.precision}`;
        if (site.kind === 'draw') {
          const run = (inputs) => engine.run(inputs, height, width);
          for (const [number, {inputs}] of view.samples.entries()) {
            const made = await timed(() => draw(run, view, inputs), runs);
            await post('/found', {[`${way} ${name} ${number}`]: made});
          }
        } else {
          for (const one of asked.pictures.filter((picture) => picture.view === name)) {
            const made = await translated(engine, view, model, one, runs);
            await post('/found', {[`${way} ${name} ${one.name}`]: made});
          }
        }
        engine.close();
      }
    }
  }
  await post('/end', {});
} catch (error) {
  await post('/end', {error: error.stack});
}
