"""SavedModels without Python: a C program runs each signature, and its answers are Keras'.

The program loads them by TensorFlow's C API, as TF Serving does. Its compiler is the machine's, its
headers and libraries are those in the TensorFlow package.
"""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tfi2i.data import read_image, write_image
from tfi2i.data.decode.pixels import to_float, to_uint8
from tfi2i.export.drawing import Drawing
from tfi2i.export.drawing_saved_model import PRIORS, write_saved_model
from tfi2i.export.opened import Opened
from tfi2i.export.saved_model import export_saved_model
from tfi2i.inference.sizes import mirrored_to_fit
from tfi2i.inference.translate import translate_image
from tiny_models import tiny_model

SOURCE = Path(__file__).parent / "c" / "run_saved_model.c"
TENSORFLOW = Path(tf.sysconfig.get_lib())
# A real size: no multiple of anything that networks want.
HEIGHT, WIDTH = 30, 41
DTYPES = {1: np.float32, 4: np.uint8}

pytestmark = pytest.mark.skipif(
    shutil.which("gcc") is None, reason="there is no gcc to build the C program with"
)


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = tmp_path_factory.mktemp("c") / "run_saved_model"
    libraries = [f"-l:{name}.so.2" for name in ("libtensorflow_cc", "libtensorflow_framework")]
    options = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", f"-I{tf.sysconfig.get_include()}"]
    where = [f"-L{TENSORFLOW}", f"-Wl,-rpath,{TENSORFLOW}"]
    if shutil.which("ld.gold"):  # The library has a gigabyte, through which others go slowly.
        where.append("-fuse-ld=gold")
    command = ["gcc", *options, str(SOURCE), "-o", str(path), *where, *libraries]
    subprocess.run(command, check=True, timeout=600)
    return path


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Two real pictures: parts of the maps of the Earth."""
    from tfi2i.data.builtin.earth import earth_map

    folder = tmp_path_factory.mktemp("photos")
    found = []
    for number, name in enumerate(("bmng", "etopo1")):
        picture = earth_map(name)[400 : 400 + HEIGHT, 900 : 900 + WIDTH]
        write_image(folder / f"{number}.png", picture)
        found.append(picture)
    return folder, np.stack(found)


class Requests:
    """Lines for the program, and the files that they name."""

    def __init__(self, folder: Path):
        self._folder, self._lines = folder, []

    def add(self, version: Path, signature: str, **inputs) -> Path:
        """A request; the path of its answer."""
        number = len(self._lines)
        answer, words = self._folder / f"answer-{number}", []
        for name, value in inputs.items():
            file = self._folder / f"{number}-{name}"
            if isinstance(value, Path):
                words += [name, "string", "1", str(value)]
                continue
            file.write_bytes(value.tobytes())
            words += [name, value.dtype.name, ",".join(map(str, value.shape)), str(file)]
        self._lines.append(" ".join([str(version), signature, str(answer), *words]))
        return answer

    def run(self, program: Path) -> list[str]:
        """Runs the program on all of them: a line about each answer."""
        text = "\n".join(self._lines) + "\n"
        done = subprocess.run([program], input=text, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout.splitlines()


def keras_pixels(opened: Opened, image: np.ndarray, beside: np.ndarray) -> np.ndarray:
    """What Keras makes of an image, in 0..255 and not rounded."""
    padded = to_float(mirrored_to_fit(image[None], opened.network.size_multiple))
    output = opened.outputs(padded, beside)[0, :HEIGHT, :WIDTH]
    return (np.clip(output, -1, 1) + 1) * 127.5


@pytest.fixture(scope="module")
def answered(program, photos, tmp_path_factory):
    """Name of what was asked -> the answer, and what Keras makes."""
    root = tmp_path_factory.mktemp("served")
    folder, pictures = photos
    requests = Requests(tmp_path_factory.mktemp("requests"))
    expected, answers = {}, {}

    def ask(what, wanted, version, signature, **inputs):
        expected[what] = np.asarray(wanted)
        answers[what] = requests.add(version, signature, **inputs)

    for name in ("stargan", "bicyclegan", "adain"):
        model = tiny_model(name)
        view = next(iter(model.open_views))
        opened = Opened.of(model, view)
        assert opened is not None
        kind = opened.condition.kind
        version = export_saved_model(opened, root / name, metadata={}, max_pixels=1 << 16)
        beside = {
            "domain": np.array([1, 0], np.int64),
            "latents": np.random.default_rng(3).normal(size=(2, opened.condition.length)),
            "style": pictures[::-1, :, :33],  # of a size of its own
        }[kind]
        beside = beside if kind == "domain" else beside.astype(np.float32)
        ending = f"_{kind}" if opened.answers_alone else ""
        made = np.stack([keras_pixels(opened, *one) for one in zip(pictures, beside, strict=True)])
        default = f"serving{ending}" if ending else "serving_default"
        floats, given = pictures.astype(np.float32), {kind: beside}
        ask(f"{name} {kind}", made, version, default, images=floats, **given)
        ask(
            f"{name} uint8",
            np.rint(made),
            version,
            f"serving_uint8{ending}",
            images=pictures,
            **given,
        )
        one = {kind: folder / "0.png" if kind == "style" else beside[:1]}
        style = read_image(folder / "0.png").astype(np.float32)
        first = keras_pixels(opened, pictures[0], style if kind == "style" else beside[0])
        file = folder / "0.png"
        ask(f"{name} file", np.rint(first), version, f"serving_bytes{ending}", encoded=file, **one)
        if opened.answers_alone:
            alone = np.stack([translate_image(model.translator(), image) for image in pictures])
            ask(f"{name} alone", alone, version, "serving_uint8", images=pictures)

    model = tiny_model("acgan")
    drawing = Drawing.of(
        model.generator, prior=model.latent_prior, gives=model.value_ranges["a"],
        condition="labels", classes=tuple(model.label_names),
    )  # fmt: skip
    version = root / "acgan" / "1"
    version.parent.mkdir()
    write_saved_model(drawing, version, {})
    labels, seed = np.array([1, 0], np.int64), np.array([5], np.int64)
    latents = model.latents(2, seed=1)
    made = (drawing.network({"latents": latents, "labels": labels}).numpy() + 1) * 127.5
    ask("acgan latents", made, version, "serving_default", latents=latents, labels=labels)
    drawn = PRIORS[drawing.prior]((drawing.latent_length,), (5, 0))[None]
    seeded = to_uint8(drawing.network({"latents": drawn, "labels": labels[:1]}).numpy()[0])
    ask("acgan seeds", seeded, version, "serving_png", seeds=seed, labels=labels[:1])

    told = dict(zip(answers, requests.run(program), strict=True))
    found = {}
    for what, path in answers.items():
        name, dtype, *sides = told[what].split()
        content = path.read_bytes()
        if name == "png_bytes":
            found[what] = tf.io.decode_png(content).numpy()
        else:
            found[what] = np.frombuffer(content, DTYPES[int(dtype)]).reshape([*map(int, sides)])
    return found, expected


def test_every_signature_was_run(answered):
    found, _ = answered
    assert len(found) == 3 + 4 + 4 + 2


def test_floats_are_those_of_keras(answered):
    found, expected = answered
    for what in ("stargan domain", "bicyclegan latents", "adain style", "acgan latents"):
        assert found[what].dtype == np.float32
        np.testing.assert_allclose(found[what], expected[what], atol=0.02, err_msg=what)


def test_pixels_and_pngs_are_those_of_keras(answered):
    found, expected = answered
    rest = [what for what, value in found.items() if value.dtype == np.uint8]
    assert len(rest) == 9
    for what in rest:
        difference = np.abs(found[what].astype(int) - expected[what].reshape(found[what].shape))
        # Where a value lies between two levels, rounding decides.
        assert difference.max() <= 1 and difference.mean() < 0.05, what


def test_what_stands_beside_an_image_changes_it(answered):
    found, _ = answered
    alone, asked = found["bicyclegan alone"].astype(int), found["bicyclegan uint8"].astype(int)
    assert np.abs(alone - asked).max() >= 1
    styles = found["adain alone"].astype(int) - found["adain uint8"].astype(int)
    assert np.abs(styles).max() > 5


def test_a_refusal_reaches_the_program_in_words(program, answered, photos, tmp_path):
    requests = Requests(tmp_path)
    version = tmp_path / "none" / "1"
    requests.add(version, "serving_default", images=photos[1])
    with pytest.raises(AssertionError, match="none/1: Could not find SavedModel"):
        requests.run(program)
