"""One scale for `translate` and for what is exported: a SavedModel resizes in its graph."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfi2i.data import EIGHT_BITS, to_float, to_uint8
from tfi2i.data.scale import TrainedScale
from tfi2i.errors import DataError
from tfi2i.export import export_saved_model, read_metadata
from tfi2i.export.client import prepare
from tfi2i.export.runtime import LiteRTRunner
from tfi2i.export.scale import at_scale, scaled_sides
from tfi2i.export.shipping import Wanted, ship
from tfi2i.zoo.unpaired.cyclegan import CycleGAN

SIZE, PHOTO = 32, 96
FACTOR = SIZE / PHOTO


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("size", "factor"),
    [((128, 128), 36 / 128), ((301, 200), 0.33), ((50, 71), 0.5), ((64, 48), 72 / 64), ((5, 7), 3)],
)
def test_graphs_resize_as_pillow_does(size, factor):
    image = noise(*size)
    seen = []

    def negative(scaled):
        seen.append(scaled.numpy())
        return 255.0 - scaled

    ranges = EIGHT_BITS, EIGHT_BITS
    sides = scaled_sides(tf.constant(size), factor)
    made = at_scale(negative, tf.constant(image, tf.float32), sides, ranges).numpy()
    height, width = (round(side * factor) for side in size)
    small = Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC)
    assert np.abs(np.asarray(small) - seen[0]).max() <= 1
    back = Image.fromarray(255 - seen[0].astype(np.uint8)).resize(
        size[::-1], Image.Resampling.BICUBIC
    )
    difference = np.abs(np.asarray(back) - made)
    assert difference.max() <= 1 and np.mean(difference > 0) < 0.01


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    keras.utils.set_random_seed(0)
    model = CycleGAN(crop_size=SIZE, filters=4, discriminator_filters=4, blocks=1)
    model.trained_scale = TrainedScale(SIZE, {"a": PHOTO, "b": SIZE})
    folder = tmp_path_factory.mktemp("shipped")
    images = {
        direction: noise(2, SIZE * SIZE).reshape(2, SIZE, SIZE, 3) for direction in ("a2b", "b2a")
    }
    wanted = Wanted(formats=["saved_model", "litert"], size=SIZE, metadata={}, precision="float32")
    ship(model, folder, images, wanted)
    return model, folder


def assert_alike(image, translated):
    """Equal, but around values that lay between two levels, of which enlarging may make two."""
    difference = np.abs(image.astype(float) - translated)
    assert difference.max() <= 2 and difference.mean() < 0.1


def test_translate_saved_model_and_litert_agree(shipped):
    model, folder = shipped
    photo = noise(PHOTO, PHOTO, seed=3)
    translated = model.translate(photo, direction="a2b").astype(int)
    # The scale is not without effect.
    assert np.abs(translated - model.translate(photo, direction="a2b", scale=1)).max() > 20

    version = folder / "saved_model" / "cyclegan-a2b" / "1"
    signatures = tf.saved_model.load(str(version)).signatures
    served = signatures["serving_default"](images=tf.constant(photo[None], tf.float32))
    assert_alike(served["images"][0].numpy(), translated)
    encoded = tf.io.encode_png(photo).numpy()
    png = signatures["serving_bytes"](encoded=tf.constant([prepare(encoded)]))["png_bytes"][0]
    assert_alike(tf.io.decode_png(png).numpy(), translated)

    # A client of a LiteRT file resizes by the factor in the report.
    report = json.loads((folder / "parity.json").read_text())["cyclegan-a2b"]
    assert report["scale"] == pytest.approx(FACTOR)
    sides = (round(PHOTO * report["scale"]),) * 2
    small = np.asarray(Image.fromarray(photo).resize(sides, Image.Resampling.BICUBIC))
    runner = LiteRTRunner((folder / "cyclegan-a2b-float32.tflite").read_bytes())
    output = Image.fromarray(to_uint8(runner(to_float(small[None])))[0])
    back = np.asarray(output.resize((PHOTO, PHOTO), Image.Resampling.BICUBIC))
    assert_alike(back, translated)


def test_reports_say_the_scale_and_compare_at_it(shipped):
    _, folder = shipped
    reports = json.loads((folder / "parity.json").read_text())
    scaled, plain = reports["cyclegan-a2b"], reports["cyclegan-b2a"]
    facts = read_metadata(folder / "saved_model" / "cyclegan-a2b" / "1")["export"]
    assert facts["scale"] == scaled["scale"] and plain["scale"] == 1
    assert any("multiplies the sides of images with 0.3333" in note for note in scaled["notes"])
    assert not any("multiplies" in note for note in plain["notes"])
    assert scaled["artefacts"][0]["sizes"][0]["size"] == [PHOTO, PHOTO]
    psnr = scaled["artefacts"][0]["psnr_db"]
    assert psnr is None or psnr > 60
    assert plain["artefacts"][0]["max_abs"] < 1e-4


def test_an_enlarged_image_counts_at_its_larger_size(tmp_path):
    keras.utils.set_random_seed(0)
    model = CycleGAN(crop_size=SIZE, filters=4, discriminator_filters=4, blocks=1)
    folder = export_saved_model(
        model.translator("a2b"), tmp_path, metadata={}, max_pixels=64 * 64, scale=2.0
    )
    signatures = tf.saved_model.load(str(folder)).signatures
    serve = signatures["serving_default"]
    assert serve(images=tf.zeros((1, 32, 32, 3)))["images"].shape == (1, 32, 32, 3)
    with pytest.raises(tf.errors.InvalidArgumentError, match="66 x 64 pixels"):
        serve(images=tf.zeros((1, 32, 33, 3)))
    files = [tf.io.encode_png(tf.zeros((32, width, 3), tf.uint8)) for width in (32, 32, 33)]
    words = "the image at index 2, with its sides times 2: .* 66 x 64 pixels"
    with pytest.raises(tf.errors.InvalidArgumentError, match=words):
        signatures["serving_bytes"](encoded=tf.stack(files))


def test_a_scale_of_each_image_cannot_be_shipped(shipped, tmp_path):
    model, _ = shipped
    wanted = Wanted(formats=["litert"], size=SIZE, metadata={}, scale=0)
    with pytest.raises(DataError, match="scale=0"):
        ship(model, tmp_path, {"a2b": noise(2, SIZE * SIZE).reshape(2, SIZE, SIZE, 3)}, wanted)
