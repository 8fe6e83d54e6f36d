// The page that draws: what its user chooses, and what is shown.

import {showAbout} from './about.js';
import {inMegabytes, loadSite} from './download.js';
import {draw, latentOfWalk, latentsOf, side} from './drawing.js';
import {fill, guarded, nextFrame, one, save, say, show, showProgress} from './elements.js';
import {makeOffline} from './offline.js';
import {Opened} from './opened.js';
import {proofOfDrawing, showProof} from './proof.js';

const COLUMNS = 4;
const WALK_SECONDS = 24;

let site, view, opened, offline;
let turn = 0; // Of the newest samples: older ones end.

const model = () => view.models[Number(one('model').value)];
const run = (inputs) => opened.engine.run(inputs, ...view.size);
const seed = () => Number(one('seed').value) >>> 0;
const condition = () => view.conditions[Number(one('condition').value)]?.value;

async function openModel() {
  const prove = () => proofOfDrawing(run, view, model(), view.samples[0]);
  await opened.open(view, model(), one('wanted').value, prove);
  showAbout(opened, 'sample', offline);
}

/** Draws the samples of the seed, and shows each as it comes. */
async function drawSamples() {
  const mine = ++turn;
  const begin = performance.now();
  const latents = latentsOf(view, seed(), COLUMNS ** 2);
  const pictures = [];
  for (const one_of_them of latents) {
    pictures.push(await draw(run, view, {latents: one_of_them, condition: condition()}));
    if (mine !== turn) return;
    show(one('grid'), side(pictures, COLUMNS));
    showProgress(pictures.length / latents.length);
    await nextFrame();
  }
  showProgress(null);
  const seconds = (performance.now() - begin) / 1000;
  say(`${pictures.length} pictures in ${seconds.toFixed(1)} s by the ${opened.words()}.`);
  await drawPlace();
}

/** Draws the picture at the walk's place. */
async function drawPlace() {
  const latents = latentOfWalk(view, seed(), Number(one('place').value));
  show(one('walk'), await draw(run, view, {latents, condition: condition()}));
}

async function play() {
  const walking = one('play').getAttribute('aria-pressed') !== 'true';
  one('play').setAttribute('aria-pressed', walking);
  one('play').textContent = walking ? 'Stop' : 'Walk';
  let before = performance.now();
  while (one('play').getAttribute('aria-pressed') === 'true') {
    const now = performance.now();
    one('place').value = (Number(one('place').value) + (now - before) / 1000 / WALK_SECONDS) % 1;
    before = now;
    await drawPlace();
    await new Promise(requestAnimationFrame);
  }
}

function listen() {
  one('draw').onclick = guarded(async () => {
    one('seed').value = (seed() + 1) >>> 0;
    await drawSamples();
  });
  for (const id of ['seed', 'condition']) one(id).onchange = guarded(drawSamples);
  for (const id of ['model', 'wanted']) {
    one(id).onchange = guarded(async () => {
      turn++;
      await openModel();
      await drawSamples();
    });
  }
  one('place').oninput = guarded(drawPlace);
  one('play').onclick = guarded(play);
  one('save').onclick = guarded(() => save(one('grid'), `${site.variant}-${seed()}.png`));
  one('save_walk').onclick = guarded(() => save(one('walk'), `${site.variant}-walk-${seed()}.png`));
  one('check').onclick = guarded(() =>
    showProof(view.samples, (sample) => proofOfDrawing(run, view, model(), sample), model()),
  );
  for (const id of ['draw', 'save', 'play', 'save_walk']) one(id).disabled = false;
}

await guarded(async () => {
  site = await loadSite();
  view = site.views.sample;
  offline = await makeOffline(site);
  opened = new Opened(site);
  fill(one('condition'), Object.fromEntries(view.conditions.map(({name}, i) => [i, name])));
  fill(
    one('model'),
    Object.fromEntries(view.models.map((m, i) => [i, `${m.precision}, ${inMegabytes(m.bytes)}`])),
  );
  await openModel();
  listen();
  await drawSamples();
  document.body.dataset.ready = 'yes';
})();
