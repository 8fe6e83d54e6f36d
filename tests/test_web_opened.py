"""Pages with controls, and a page of a PyTorch file, in a browser: as Keras and PyTorch make it."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.browser import chromium, tried_in_chromium
from tfi2i.errors import ExportError, MissingExtraError
from tfi2i.export.shipping import Wanted
from tfi2i.export.web import asked, shipping, translating
from tfi2i.export.web.runtime import fetched
from tfi2i.export.web.shipping import made_page
from tfi2i.importing import import_weights
from tfi2i.zoo.multidomain.stargan import StarGAN
from tfi2i.zoo.paired.bicyclegan import BicycleGAN

FOREIGN = Path(__file__).parent / "data" / "foreign" / "cyclegan"
SIZE = 16
# The views of each page.
GIVEN = {"domains": ["translate"], "latents": ["a2b"], "imported": ["a2b"]}

# Both pages are used as a visitor does, in frames; their own scripts compute.
SCRIPT = """
const post = (place, found) => fetch(place, {method: 'POST', body: JSON.stringify(found)});
const until = async (told) => {
  while (!told()) await new Promise((resolve) => setTimeout(resolve, 30));
};
const changed = (element, value) => {
  element.value = value;
  element.dispatchEvent(new Event('change'));
};

async function used(folder, steps) {
  const frame = document.createElement('iframe');
  frame.src = `/${folder}/index.html`;
  document.body.append(frame);
  await until(() => frame.contentDocument?.body?.dataset.ready === 'yes'
    || frame.contentDocument?.querySelector('#state.bad'));
  const page = frame.contentDocument;
  const one = (id) => page.getElementById(id);
  const found = {};
  for (const [name, step] of Object.entries(steps)) {
    one('state').textContent = '';
    await step(one);
    await until(() => /^Translated/.test(one('state').textContent) || one('state').matches('.bad'));
    const {width, height} = one('after');
    const {data} = one('after').getContext('2d').getImageData(0, 0, width, height);
    found[`${folder} ${name}`] = btoa(String.fromCharCode(...data.filter((_, i) => i % 4 < 3)));
  }
  found[`${folder} controls`] = ['domain', 'latents', 'style'].filter(
    (kind) => !one(`by_${kind}`).hidden);
  return found;
}

try {
  const sample = (one) => one('samples').children[1].click();
  const {latentOf} = await import('/latents/beside.js');
  const seed = (one) => changed(one('seed'), 5);
  const slider = (one) => {
    const [first] = one('sliders').querySelectorAll('input');
    first.value = 1.5;
    first.dispatchEvent(new Event('input'));
  };
  const pages = {
    domains: {first: sample, last: (one) => changed(one('domain'), 2)},
    latents: {mean: sample, seed, slider, again: (one) => one('mean').click()},
    imported: {made: (one) => one('samples').children[0].click()},
  };
  for (const [folder, steps] of Object.entries(pages)) {
    await post('/found', await used(folder, steps));
  }
  await post('/end', {latent: Array.from(latentOf({length: 3}, 5))});
} catch (error) {
  await post('/end', {error: error.stack});
}
"""


def pictures(count=2):
    shape = (count, SIZE, SIZE, 3)
    return np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)


def with_contrast(network):
    draw = np.random.default_rng(0)
    for variable in network.trainable_variables:
        variable.assign(variable + draw.normal(0.0, 0.2, variable.shape).astype(np.float32))


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    stargan = StarGAN(
        domains=("day", "dusk", "night"),
        crop_size=SIZE,
        filters=4,
        blocks=1,
        discriminator_filters=4,
        discriminator_depth=2,
    )
    bicyclegan = BicycleGAN(
        crop_size=SIZE,
        filters=4,
        encoder_filters=4,
        discriminator_filters=4,
        latent_length=3,
        receptive_field=1,
        depth=2,
    )
    for model in (stargan, bicyclegan):
        with_contrast(model.generator)
    folder = tmp_path_factory.mktemp("imported") / "preset"
    imported = import_weights([FOREIGN / "latest_net_G_A.pth"], "cyclegan", folder, size=SIZE)
    return {"domains": stargan, "latents": bicyclegan, "imported": imported.model}


@pytest.fixture(scope="module")
def pages(models, tmp_path_factory):
    """A folder with three pages."""
    try:
        fetched()
    except (ExportError, MissingExtraError) as error:
        pytest.skip(f"LiteRT.js cannot be had here: {error}")
    root = tmp_path_factory.mktemp("pages")
    given = {
        "domains": {name: pictures() for name in ("translate", "to_day", "to_dusk", "to_night")},
        "latents": {"a2b": pictures()},
        "imported": {"a2b": np.load(FOREIGN / "expected.npz")["image"][np.newaxis]},
    }
    with pytest.MonkeyPatch.context() as patch:
        for module in (asked, shipping):
            patch.setattr(module, "OTHER_SIZES", [(24, 20)])
        for name, images in given.items():
            size = images[next(iter(images))].shape[1:3]
            wanted = Wanted(formats=["web"], size=size, metadata={})
            with made_page(models[name], root, images, wanted, title=name) as page:
                page.put_in_place()
            page.folder.rename(root / name)
            # Five files are made for these, of which one page is enough.
            patch.setattr(translating.SizeNumbers, "of", lambda *_: None)
    return root


@pytest.fixture(scope="module")
def found(pages):
    """What Chromium showed."""
    if chromium() is None:
        pytest.skip("no Chromium here, in which the pages would be tried (apt install chromium)")
    return tried_in_chromium(pages, "domains/", SCRIPT)


def levels(shown, expected):
    pixels = np.frombuffer(base64.b64decode(shown), np.uint8).reshape(expected.shape)
    return int(np.abs(pixels.astype(int) - expected).max())


def test_one_file_stands_for_all_domains_and_one_for_all_latents(pages):
    sites = {name: json.loads((pages / name / "site.json").read_text()) for name in GIVEN}
    assert {name: list(site["views"]) for name, site in sites.items()} == GIVEN
    domains, latents, alone = (site["views"][GIVEN[name][0]] for name, site in sites.items())
    names = ["day", "dusk", "night"]
    assert domains["beside"] == {"kind": "domain", "length": 3, "names": names}
    # Every domain is compared, though there are fewer pictures.
    assert [one["beside"] for one in domains["samples"]] == np.eye(3).tolist()
    assert latents["beside"] == {"kind": "latents", "length": 3}
    assert [0, 0, 0] in [one["beside"] for one in latents["samples"]]
    assert alone["beside"] is None and set(alone["samples"][0]) == {"given", "made"}


def test_a_domain_is_chosen_in_the_page(found, models):
    model, image = models["domains"], pictures()[1]
    day, night = (model.translate(image, direction=f"to_{name}") for name in ("day", "night"))
    assert found["domains controls"] == ["domain"]
    assert levels(found["domains first"], day) <= 1
    assert levels(found["domains last"], night) <= 1
    assert np.abs(day.astype(int) - night).max() > 8


def test_a_latent_is_drawn_set_and_put_back_in_the_page(found, models):
    model, image = models["latents"], pictures()[1]
    drawn = np.array(found["latent"], np.float32)
    by_hand = np.array([1.5, *drawn[1:]], np.float32)
    mean = model.translate(image)
    seed, slider = model.sample(np.stack([image, image]), np.stack([drawn, by_hand]))
    assert found["latents controls"] == ["latents"]
    for name, expected in {"mean": mean, "seed": seed, "slider": slider, "again": mean}.items():
        assert levels(found[f"latents {name}"], expected) <= 1, name
    assert np.abs(mean.astype(int) - seed).max() > 8 < np.abs(slider.astype(int) - seed).max()


def test_a_file_of_pytorch_becomes_a_page(found):
    """Every third row and column of what PyTorch made is stored."""
    expected = np.load(FOREIGN / "expected.npz")["G_A/made"]
    shown = np.frombuffer(base64.b64decode(found["imported made"]), np.uint8)
    shown = shown.reshape(32, 32, 3)[::3, ::3].astype(np.float32)
    assert found["imported controls"] == []
    assert np.abs(shown - (expected + 1) * 127.5).max() < 1.5
