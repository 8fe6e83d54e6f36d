// The page that translates: what its user chooses, and what is shown.

import {showAbout} from './about.js';
import {Asking} from './asking.js';
import {runner} from './beside.js';
import {inMegabytes, loadSite} from './download.js';
import {Stopped, fill, guarded, nextFrame, one, save, say, show, showProgress} from './elements.js';
import {makeOffline} from './offline.js';
import {Opened} from './opened.js';
import {pictureButton} from './picking.js';
import {openCamera, readFrame, readPicture, readWhole} from './pictures.js';
import {proofOfTranslation, showProof} from './proof.js';
import {goesWhole, sizeInside, translate} from './translation.js';

const state = {
  picture: null, // {name, read: channels -> pixels}
  turn: 0, // Of the newest translation: an older one ends.
  closeCamera: null,
  renewing: false,
  waiting: false, // For the translation that runs: something else is asked for by now.
};
let site, opened, offline, asking;

const view = () => site.views[one('direction').value];
const model = () => view().models[Number(one('model').value)];
const run = (floats, height, width) =>
  runner(opened.engine, view(), asking.value)(floats, height, width);

function fillSettings() {
  const {factor, fit_side: side, models, single_size: single, size} = view();
  fill(one('model'), Object.fromEntries(models.map((m, i) => [i, `${m.precision}, ${inMegabytes(m.bytes)}`])));
  const scales = {
    ...(factor === 1 ? {} : {trained: `at ${factor.toPrecision(3)} of its size, as in training`}),
    own: 'at its own pixels',
    fit: `at about ${Math.round(side)} x ${Math.round(side)} pixels`,
  };
  fill(one('scale'), single ? {own: `at ${size[1]} x ${size[0]}`} : scales);
  const whole = single || models.some((one) => one.numbers !== null);
  fill(one('tiled'), {
    ...(whole ? {whole: 'as one, where it is not too large'} : {}),
    ...(single ? {} : {tiles: `by tiles of ${size[1]} x ${size[0]}`}),
  });
}

function fillSamples() {
  const files = [...new Set(view().samples.map(({given}) => given))];
  const buttons = files.map((file, number) => pictureButton(file, `Picture to try ${number + 1}`, take));
  one('samples').replaceChildren(...buttons);
}

async function prove(sample) {
  const beside = await asking.ofSample(view(), sample);
  return proofOfTranslation(runner(opened.engine, view(), beside), view(), model(), sample);
}

/** Shows what belongs to a direction, and opens its model. */
async function openView() {
  fillSettings();
  fillSamples();
  await asking.open(view(), one('direction').value);
  await openModel();
}

async function openModel() {
  await opened.open(view(), model(), one('wanted').value, () => prove(view().samples[0]));
  showAbout(opened, one('direction').value, offline);
  say('Ready.');
}

/** Makes a file the picture, and translates it. */
async function take(file, name = file.name ?? 'picture') {
  closeCamera();
  for (const button of one('samples').children) button.setAttribute('aria-pressed', 'false');
  const picture = {name, read: (channels) => readPicture(file, channels)};
  await picture.read(view().channels[0]);
  state.picture = picture;
  await renew();
}

function factorFor(pixels) {
  const chosen = one('scale').value;
  if (chosen === 'own') return 1;
  return chosen === 'fit' ? view().fit_side / Math.sqrt(pixels.height * pixels.width) : view().factor;
}

/** Translates the picture as the settings say; `keep` shows the last translation meanwhile. */
async function renew({keep = false} = {}) {
  if (state.picture === null) return;
  const turn = ++state.turn;
  const pixels = await state.picture.read(view().channels[0]);
  const how = {view: view(), model: model(), factor: factorFor(pixels), tiled: one('tiled').value === 'tiles'};
  if (!keep) showResult(pixels, pixels);
  const report = reporter(turn);
  report(0);
  await nextFrame();
  const begin = performance.now();
  const {made, way} = await translated(pixels, how, report);
  if (turn !== state.turn) throw new Stopped();
  showResult(pixels, made);
  const seconds = (performance.now() - begin) / 1000;
  say(`Translated ${way} in ${seconds.toFixed(seconds < 10 ? 1 : 0)} s by the ${opened.words()}.`);
}

/** The same where something else is asked for, which may change faster than pictures are made. */
async function askedAnew() {
  if (state.picture === null || state.closeCamera) return; // The camera's next picture has it.
  state.waiting = true;
  state.turn++; // A translation that runs ends at its next tile.
  if (state.renewing) return;
  state.renewing = true;
  try {
    while (state.waiting) {
      state.waiting = false;
      await renew({keep: true}).catch((error) => {
        if (!(error instanceof Stopped && state.waiting)) throw error;
      });
    }
  } finally {
    state.renewing = false;
  }
}

function reporter(turn) {
  return (share) => {
    if (turn !== state.turn) throw new Stopped();
    if (share === 0) say('Translating …');
    showProgress(share < 1 ? share : null);
    one('stop').hidden = share >= 1;
  };
}

/** Translates as one where that can be, or else by tiles, and says which. */
async function translated(pixels, how, report) {
  const tiles = `by tiles of ${how.view.size[1]} x ${how.view.size[0]}`;
  const size = sizeInside(how.view, pixels, how.factor);
  if (how.tiled || !goesWhole(how.view, how.model, ...size)) {
    return {made: await translate(run, pixels, {...how, tiled: true}, report), way: tiles};
  }
  try {
    return {made: await translate(run, pixels, how, report), way: 'as one picture'};
  } catch (error) {
    if (error instanceof Stopped || error.message === 'stopped') throw new Stopped();
    // Most likely too little memory, after which a thread is of no use.
    console.warn(error);
    await opened.engine.restart();
    const made = await translate(run, pixels, {...how, tiled: true}, report);
    return {made, way: `${tiles}, since this device cannot do it as one,`};
  }
}

function showResult(before, after) {
  show(one('before'), before);
  show(one('after'), after);
  one('compare').classList.toggle('pixels', before.width < 400);
  one('result').style.setProperty('--shape', before.width / before.height);
  one('size').textContent = `${before.width} x ${before.height}`;
  one('result').hidden = false;
}

async function stop() {
  state.turn++;
  showProgress(null);
  say('Stopped.');
  await opened.engine.restart();
}

/** Shows the camera's middle, translated again and again. */
async function startCamera() {
  closeCamera();
  const close = await openCamera(one('video'));
  const turn = ++state.turn;
  state.closeCamera = () => {
    close();
    one('shoot').hidden = true;
    one('camera').textContent = 'Use the camera';
  };
  one('camera').textContent = 'Close the camera';
  one('shoot').hidden = false;
  while (turn === state.turn) {
    const frame = readFrame(one('video'), ...view().size, view().channels[0]);
    const begin = performance.now();
    const made = await translate(run, frame, {view: view(), model: model(), factor: 1, tiled: false});
    if (turn !== state.turn) break;
    showResult(frame, made);
    say(`Live: ${(1000 / (performance.now() - begin)).toFixed(1)} pictures a second.`);
    await nextFrame();
  }
}

function closeCamera() {
  state.turn++;
  state.closeCamera?.();
  state.closeCamera = null;
}

async function shoot() {
  const video = one('video');
  const frames = new Map([1, 3].map((channels) => [channels, readWhole(video, channels)]));
  closeCamera();
  state.picture = {name: 'camera', read: async (channels) => frames.get(channels)};
  await renew();
}

function listen() {
  one('file').onchange = guarded(async ({target}) => {
    if (target.files.length) await take(target.files[0]);
    target.value = '';
  });
  addEventListener('paste', guarded(async ({clipboardData}) => {
    const file = [...clipboardData.files].find((one) => one.type.startsWith('image/'));
    if (file) await take(file);
  }));
  addEventListener('dragover', (event) => event.preventDefault());
  for (const [event, over] of [['dragenter', true], ['dragleave', false], ['drop', false]]) {
    one('drop').addEventListener(event, () => one('drop').classList.toggle('over', over));
  }
  addEventListener('drop', guarded(async (event) => {
    event.preventDefault();
    if (event.dataTransfer.files.length) await take(event.dataTransfer.files[0]);
  }));
  one('slider').oninput = ({target}) => one('compare').style.setProperty('--from', `${target.value}%`);
  one('save').onclick = guarded(() => {
    const name = (state.picture?.name ?? 'camera').replace(/\.[^.]*$/, '');
    return save(one('after'), `${name}-${asking.words}.png`);
  });
  one('stop').onclick = guarded(stop);
  one('camera').hidden = !navigator.mediaDevices?.getUserMedia;
  one('camera').onclick = guarded(() => (state.closeCamera ? closeCamera() : startCamera()));
  one('shoot').onclick = guarded(shoot);
  one('check').onclick = guarded(() => showProof(view().samples, prove, model()));
  one('direction').onchange = guarded(async () => {
    closeCamera();
    await openView();
    await renew();
  });
  for (const id of ['model', 'wanted']) {
    one(id).onchange = guarded(async () => {
      closeCamera();
      await openModel();
      await renew();
    });
  }
  for (const id of ['scale', 'tiled']) one(id).onchange = guarded(() => renew());
}

await guarded(async () => {
  site = await loadSite();
  offline = await makeOffline(site);
  opened = new Opened(site);
  fill(one('direction'), Object.fromEntries(Object.keys(site.views).map((name) => [name, name])));
  asking = new Asking(askedAnew);
  await openView();
  listen();
  document.body.dataset.ready = 'yes';
})();
