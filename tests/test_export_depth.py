"""Trained models of 16 bits and of floats, exported: the served picture is that of `translate`."""

import io
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from deep_pictures import picture, png
from PIL import Image

from tfi2i.cli import main
from tfi2i.data import ValueRange, read_pixels, write_pixels
from tfi2i.data.decode.writing import encode_png
from tfi2i.errors import DataError, ExportError
from tfi2i.export import export_saved_model, parity_report, parity_table, read_metadata
from tfi2i.export.client import Served, prepare
from tfi2i.export.encoded_deep import decode_deep
from tfi2i.export.generator import InferenceGenerator
from tfi2i.export.runtime import LiteRTRunner
from tfi2i.export.shipping import Wanted, ship
from tfi2i.recipe import Recipe
from tfi2i.training import RunFolder
from tfi2i.training.run.training import Training
from tfi2i.zoo.paired.pix2pix import Pix2Pix

TWELVE = ValueRange("uint16", 0, 4095)
SIXTEEN = ValueRange("uint16", 0, 65535)
HEIGHTS = ValueRange("float32", -2000, 2095)
UNIT = ValueRange("float32", 0, 1)
SIDE = 32
OTHER = (45, 61)
TINY: dict[str, Any] = {"filters": 4, "discriminator_filters": 4, "receptive_field": 16, "depth": 3}
RANGES = {"sixteen": (TWELVE, SIXTEEN), "floats": (HEIGHTS, UNIT)}
CHANNELS = {"sixteen": (3, 3), "floats": (7, 4)}


def image_of(kind: str, seed: int, side: int = SIDE) -> np.ndarray:
    values = picture(seed, CHANNELS[kind][0], side=side)
    return values if kind == "sixteen" else values.astype(np.float32) - 2000


def truth_of(kind: str, image: np.ndarray) -> np.ndarray:
    if kind == "sixteen":
        return np.rint(65535 * (1 - image / 4095)).astype(np.uint16)
    return (1 - (image[..., :4] + 2000) / 4095).astype(np.float32)


def trained(kind: str, folder: Any) -> Training:
    """A run of an epoch on pictures of 40 pixels, which are trained on at 36."""
    for part, seeds in (("train", range(4)), ("test", range(4, 7))):
        for domain in "ab":
            (folder / "data" / part / domain).mkdir(parents=True)
        for seed in seeds:
            suffix, image = ".png" if kind == "sixteen" else ".npy", image_of(kind, seed, 40)
            write_pixels(folder / "data" / part / "a" / f"{seed}{suffix}", image)
            write_pixels(folder / "data" / part / "b" / f"{seed}{suffix}", truth_of(kind, image))
    stated = {}
    for domain, pixels, channels in zip("ab", RANGES[kind], CHANNELS[kind], strict=True):
        stated[f"{domain}_range"] = f"{pixels.low:g}:{pixels.high:g}"
        stated[f"{domain}_channels"] = channels
    data = {"source": str(folder / "data"), "load_size": 36, "crop_size": SIDE, "batch_size": 2}
    recipe = Recipe("pix2pix", model=TINY, data={**data, **stated}, train={"epochs": 2}).resolve(
        Pix2Pix
    )
    training = Training(recipe, Pix2Pix, RunFolder(folder / "run"))
    training.fit(verbose=0)
    return training


@pytest.fixture(scope="module")
def sixteen(tmp_path_factory):
    return trained("sixteen", tmp_path_factory.mktemp("sixteen"))


@pytest.fixture(scope="module")
def floats(tmp_path_factory):
    return trained("floats", tmp_path_factory.mktemp("floats"))


@pytest.fixture(scope="module")
def shipped(sixteen, floats, tmp_path_factory):
    """Kind to its folder; both at the images' own scale."""
    folders = {}
    for kind, training in (("sixteen", sixteen), ("floats", floats)):
        folders[kind] = tmp_path_factory.mktemp(f"shipped_{kind}")
        images = np.stack([image_of(kind, seed) for seed in (10, 11)])
        formats = ["saved_model", "litert", "litert_int8"]
        wanted = Wanted(formats=formats, size=SIDE, metadata={}, scale=1, required_psnr_db=25)
        ship(training.model, folders[kind], {"a2b": images}, wanted)
    return folders


def version_of(folder):
    return folder / "saved_model" / "pix2pix-a2b" / "1"


@pytest.fixture(scope="module")
def served(shipped):
    return {
        kind: tf.saved_model.load(str(version_of(folder))).signatures
        for kind, folder in shipped.items()
    }


def sized(kind: str, size: tuple[int, int]) -> np.ndarray:
    return image_of(kind, 9, max(size))[: size[0], : size[1]]


class TestArrays:
    @pytest.mark.parametrize("size", [(SIDE, SIDE), OTHER])
    def test_16_bits_give_what_translate_gives(self, sixteen, served, size):
        image = sized("sixteen", size)
        made = sixteen.model.translate(image, scale=1)
        answer = served["sixteen"]["serving_default"](images=tf.constant(image[None]))["images"][0]
        assert answer.dtype == tf.uint16 and made.max() > 4095 and len(np.unique(made)) > 256
        np.testing.assert_allclose(answer, made, atol=2)
        as_floats = served["sixteen"]["serving_float32"](
            images=tf.constant(image[None], tf.float32)
        )["images"][0]
        assert as_floats.dtype == tf.float32
        np.testing.assert_array_equal(np.rint(as_floats), answer)

    @pytest.mark.parametrize("size", [(SIDE, SIDE), OTHER])
    def test_floats_of_seven_channels_give_what_translate_gives(self, floats, served, size):
        image = sized("floats", size)
        made = floats.model.translate(image, scale=1)
        answer = served["floats"]["serving_default"](images=tf.constant(image[None]))["images"][0]
        assert answer.shape == (*size, 4) and np.ptp(made) > 0.1
        np.testing.assert_allclose(answer, made, atol=1e-4)
        assert list(served["floats"]) == ["serving_default"]

    def test_values_beyond_the_range_are_the_nearer_end(self, served):
        serve = served["sixteen"]["serving_default"]
        image = sized("sixteen", (SIDE, SIDE))[None]
        beyond = np.where(image > 4000, 60000, image).astype(np.uint16)
        ends = np.where(image > 4000, 4095, image).astype(np.uint16)
        answers = [serve(images=tf.constant(one))["images"].numpy() for one in (beyond, ends)]
        np.testing.assert_array_equal(*answers)
        assert (beyond != ends).any()

    def test_other_dtypes_are_refused_in_words(self, served):
        image = np.zeros((1, SIDE, SIDE, 3))
        for dtype, name in ((tf.uint8, "uint8"), (tf.float32, "float")):
            with pytest.raises(tf.errors.InvalidArgumentError, match=f"uint16 .* is a {name} "):
                served["sixteen"]["serving_default"](images=tf.constant(image, dtype))
        with pytest.raises(tf.errors.InvalidArgumentError, match="a float tensor but is a uint16"):
            served["floats"]["serving_default"](images=tf.zeros((1, 8, 8, 7), tf.uint16))

    def test_floats_that_are_not_finite_are_refused(self, served):
        image = sized("floats", (SIDE, SIDE))[None].copy()
        image[0, 3, 4, 5] = np.nan
        with pytest.raises(tf.errors.InvalidArgumentError, match="have 1 values that are not fin"):
            served["floats"]["serving_default"](images=tf.constant(image))

    @pytest.mark.parametrize("size", [(40, 40), OTHER])
    @pytest.mark.parametrize("kind", RANGES)
    def test_the_scale_of_training_is_in_the_graph(self, kind, sixteen, floats, size, tmp_path):
        model, image = (sixteen if kind == "sixteen" else floats).model, sized(kind, size)
        factor = model.trained_scale.factor("a")
        assert factor == 0.9
        version = export_saved_model(
            model.translator("a2b"), tmp_path, metadata={}, scale=factor, value_ranges=RANGES[kind]
        )
        serve = tf.saved_model.load(str(version)).signatures["serving_default"]
        answer = serve(images=tf.constant(image[None]))["images"][0].numpy()
        made = model.translate(image)
        gives = RANGES[kind][1]
        difference = gives.to_float(answer) - gives.to_float(made)
        assert np.abs(difference).max() < 1e-3  # A twentieth of what rounding to 8 bits would be.
        unscaled = gives.to_float(model.translate(image, scale=1))
        assert np.abs(gives.to_float(made) - unscaled).max() > 0.02


def files_of_16_bits() -> dict[str, bytes]:
    colours = picture(1, 4, top=65535, side=12)
    key = colours[2, 3, :3].astype(">u2").tobytes()
    return {
        "grey": png(colours[..., :1], 0),
        "grey, alpha": png(colours[..., [0, 3]], 4),
        "grey, one transparent": png(colours[..., :1], 0, (b"tRNS", key[:2])),
        "colour": png(colours[..., :3], 2),
        "colour, alpha": png(colours, 6),
        "colour, one transparent": png(colours[..., :3], 2, (b"tRNS", key)),
    }


def file_of(image: np.ndarray, kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind)
    return buffer.getvalue()


def saved_array(image: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, image)
    return buffer.getvalue()


def bad_files() -> dict[str, bytes]:
    flat = np.zeros((8, 8, 3), np.uint8)
    return {
        "8 bits": file_of(flat, "PNG"),
        "JPEG": file_of(flat, "JPEG"),
        "TIFF": file_of(np.zeros((8, 8), np.uint16), "TIFF"),
        "array": saved_array(flat.astype(np.uint16)),
        "nothing": b"",
        "signature": b"\x89PNG\r\n\x1a\n",
        "cut off": encode_png(picture(1, 3))[:-30],
    }


class TestFiles:
    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize("kind", files_of_16_bits())
    def test_pngs_are_decoded_to_the_numbers_of_training(self, kind, channels, sixteen):
        encoded = files_of_16_bits()[kind]
        network = Pix2Pix(**TINY, crop_size=SIDE, input_channels=channels).translator()
        for takes in (TWELVE, SIXTEEN):
            inference = InferenceGenerator(network, "float32", (), takes, takes)
            decoded = decode_deep(tf.constant(encoded), tf.constant(0), inference, 4096)
            np.testing.assert_array_equal(
                decoded, read_pixels(encoded, channels=channels, value_range=takes)
            )

    def test_files_give_what_arrays_give(self, served):
        images = [sized("sixteen", size) for size in ((SIDE, SIDE), OTHER)]
        encoded = tf.constant([encode_png(image) for image in images])
        answers = served["sixteen"]["serving_bytes"](encoded=encoded)["png_bytes"].numpy()
        for image, answer in zip(images, answers, strict=True):
            array = served["sixteen"]["serving_default"](images=tf.constant(image[None]))["images"]
            np.testing.assert_array_equal(read_pixels(answer, value_range=SIXTEEN), array[0])

    @pytest.mark.parametrize(
        ("kind", "reason"),
        {
            "8 bits": "index 1 has 8 bits a value: this model takes PNGs of 16 bits",
            "JPEG": "index 1 is no PNG",
            "TIFF": "is no PNG .*prepare makes them from TIFF",
            "array": "is no PNG .*as an array to serving_default",
            "nothing": r"is no PNG \(0 bytes\)",
            "signature": "0 x 0 pixels",
            "cut off": "index 1 cannot be decoded: it is cut off or damaged",
        }.items(),
    )
    def test_what_is_no_png_of_16_bits_is_refused(self, served, kind, reason):
        good, encoded = encode_png(picture(1, 3, side=8)), bad_files()[kind]
        with pytest.raises(tf.errors.InvalidArgumentError, match=reason):
            served["sixteen"]["serving_bytes"](encoded=tf.constant([good, encoded]))

    def test_16_bits_become_8(self, sixteen, tmp_path):
        ranges = TWELVE, ValueRange()
        generator = sixteen.model.translator("a2b")
        version = export_saved_model(generator, tmp_path, metadata={}, value_ranges=ranges)
        signatures = tf.saved_model.load(str(version)).signatures
        image = sized("sixteen", OTHER)
        answer = signatures["serving_default"](images=tf.constant(image[None]))["images"][0]
        made = sixteen.model.translate(image, scale=1)
        np.testing.assert_allclose(answer, made / 257, atol=0.51)
        encoded = tf.constant([encode_png(image)])
        made = signatures["serving_bytes"](encoded=encoded)["png_bytes"][0].numpy()
        assert answer.dtype == tf.uint8
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(made))), answer)


class TestReports:
    def test_metadata_name_the_ranges(self, shipped):
        facts = read_metadata(version_of(shipped["sixteen"]))["export"]
        assert facts["value_ranges"]["input"] == {"dtype": "uint16", "low": 0, "high": 4095}
        assert facts["value_ranges"]["output"] == {"dtype": "uint16", "low": 0, "high": 65535}
        assert "the value that is black" in facts["value_ranges"]["meaning"]
        words = facts["signatures_in_words"]
        assert [*words] == facts["signatures"]
        assert [*words] == ["serving_bytes", "serving_default", "serving_float32"]
        assert "images uint16 (B, H, W, C) -> images uint16, 0..4095" in words["serving_default"]
        assert "PNG of 16 bits with values 0..65535" in words["serving_bytes"]
        assert facts["encoded_formats"] == ["PNG of 16 bits"]
        facts = read_metadata(version_of(shipped["floats"]))["export"]
        assert facts["value_ranges"]["input"] == {"dtype": "float32", "low": -2000, "high": 2095}

    def test_figures_are_those_of_the_pixels(self, sixteen, shipped):
        kept = json.loads((shipped["sixteen"] / "parity.json").read_text())["pix2pix-a2b"]
        assert kept["value_ranges"]["input"] == {"dtype": "uint16", "low": 0, "high": 4095}
        assert any("SavedModel in float32: bfloat16 keeps 8 bits" in note for note in kept["notes"])
        assert kept["artefacts"][0]["png_levels"] == 0
        assert [one["size"] for one in kept["artefacts"][0]["sizes"]][1:] == [
            [256, 256],
            [300, 401],
        ]
        assert kept["artefacts"][0]["max_abs"] <= 2 * 2 / 65535
        images = np.stack([image_of("sixteen", seed) for seed in (10, 11)])
        runner = LiteRTRunner((shipped["sixteen"] / "pix2pix-a2b-int8.tflite").read_bytes())
        made = [SIXTEEN.to_pixels(runner(TWELVE.to_float(one[None]))[0]) for one in images]
        truth = sixteen.model.translate_batch(images).astype(float)
        psnr = 10 * np.log10(65535**2 / np.mean((np.stack(made) - truth) ** 2))
        (eight,) = [one for one in kept["artefacts"] if one["precision"] == "int8"]
        assert eight["psnr_db"] == pytest.approx(psnr, abs=0.1)

    def test_litert_files_of_seven_channels_with_the_ranges_of_the_report(self, floats, shipped):
        report = json.loads((shipped["floats"] / "parity.json").read_text())["pix2pix-a2b"]
        image = image_of("floats", 9)
        low, high = (report["value_ranges"]["input"][end] for end in ("low", "high"))
        runner = LiteRTRunner((shipped["floats"] / "pix2pix-a2b-float32.tflite").read_bytes())
        made = runner(((image[None] - low) / (high - low) * 2 - 1).astype(np.float32))[0]
        low, high = (report["value_ranges"]["output"][end] for end in ("low", "high"))
        pixels = (made + 1) / 2 * (high - low) + low
        np.testing.assert_allclose(pixels, floats.model.translate(image, scale=1), atol=1e-4)

    def test_another_range_does_not_agree(self, sixteen, shipped):
        images = image_of("sixteen", 10)[None]
        generator, version = sixteen.model.translator("a2b"), version_of(shipped["sixteen"])
        right = parity_report(
            generator, images, saved_model=version, value_ranges=RANGES["sixteen"]
        )
        assert "which is 0..65535 of uint16 pixels" in parity_table(right)
        with pytest.raises(ExportError, match="does not agree with Keras"):
            parity_report(generator, images, saved_model=version, value_ranges=(SIXTEEN, SIXTEEN))
        with pytest.raises(ExportError, match="report needs uint16 images"):
            parity_report(
                generator, images.astype(np.uint8), saved_model=version,
                value_ranges=RANGES["sixteen"],
            )  # fmt: skip


class TestClient:
    def test_it_reads_what_is_served(self, shipped, served, tmp_path):
        client = Served.of(version_of(shipped["floats"]))
        assert client == Served(7, 4, HEIGHTS, UNIT)
        image = image_of("floats", 3)
        np.save(tmp_path / "1.npy", image)
        np.testing.assert_array_equal(client.pixels(tmp_path / "1.npy"), image)
        assert client.pixels(image) is image
        with pytest.raises(DataError, match=r"takes images \(H, W, 7\), not \(32, 32, 4\)"):
            client.pixels(image[..., :4])
        with pytest.raises(DataError, match="send the array to serving_default"):
            client.prepare(tmp_path / "1.npy")
        client = Served.of(version_of(shipped["sixteen"]))
        with pytest.raises(DataError, match="takes uint16 pixels 0..4095, got uint8"):
            client.pixels(np.zeros((8, 8, 3), np.uint8))
        image = image_of("sixteen", 3)
        np.save(tmp_path / "2.npy", image)
        encoded = client.prepare(tmp_path / "2.npy")
        np.testing.assert_array_equal(read_pixels(encoded, value_range=TWELVE), image)
        assert client.prepare(encoded) == encoded
        with pytest.raises(DataError, match="has 8-bit values, and 16-bit ones are wanted"):
            client.prepare(file_of(np.zeros((8, 8, 3), np.uint8), "PNG"))

    def test_it_turns_what_the_server_would_not(self):
        exif = Image.Exif()
        exif[0x0112] = 6
        pixels = picture(1, 3, side=12)[:, :9]
        turned = prepare(png(pixels, 2, (b"eXIf", exif.tobytes()[6:])), value_range=TWELVE)
        np.testing.assert_array_equal(
            tf.io.decode_png(turned, dtype=tf.uint16), np.rot90(pixels, -1)
        )

    def test_deep_tiffs_become_pngs_without_tensorflow(self, shipped, tmp_path):
        tifffile = pytest.importorskip("tifffile", reason="of the extra tiff")
        image = image_of("sixteen", 3)
        tifffile.imwrite(tmp_path / "1.tif", image, photometric="rgb")
        program = (
            "import sys\n"
            "for heavy in ('tensorflow', 'keras', 'h5py', 'rich', 'typer'):\n"
            "    sys.modules[heavy] = None\n"  # Importing it raises.
            "from tfi2i.export.client import Served\n"
            f"served = Served.of({str(version_of(shipped['sixteen']))!r})\n"
            f"sys.stdout.buffer.write(served.prepare({str(tmp_path / '1.tif')!r}))"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
        np.testing.assert_array_equal(read_pixels(done.stdout, value_range=TWELVE), image)


def test_the_command_exports_a_run_and_takes_images(floats, tmp_path, capsys):
    np.save(tmp_path / "own.npy", image_of("floats", 20, 40))
    words = ["export", "--run", floats.folder.path, "--out", tmp_path / "out"]
    words += ["--formats", "saved_model"]
    for options in ([], ["--images", tmp_path / "own.npy"]):
        with pytest.raises(SystemExit) as stop:
            main([str(word) for word in [*words, *options]])
        assert stop.value.code == 0, capsys.readouterr().err
    assert "which is 0..1 of float32 pixels" in " ".join(capsys.readouterr().out.split())
    facts = read_metadata(tmp_path / "out" / "saved_model" / "pix2pix-a2b" / "2")["export"]
    assert facts["scale"] == 0.9 and facts["input_channels"] == 7
