"""Translating images of any size, whole and by tiles, and files under their own names."""

import gc
import itertools
import os
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.data import read_image, write_image
from tfi2i.errors import DataError
from tfi2i.inference.files import translate_files
from tfi2i.inference.tiles import blend_weights, tile_starts
from tfi2i.inference.translate import _GRAPHS, translate_image
from tfi2i.networks import resnet, unet

SIZES = [(1, 1), (1, 9), (3, 5), (8, 8), (16, 16), (17, 16), (31, 33), (32, 70), (65, 50)]


def pointwise(function, *, size_multiple=1, channels=3, name="generator"):
    """A generator that computes every pixel alone."""
    images = keras.Input((None, None, channels))
    model = keras.Model(images, keras.layers.Lambda(function)(images), name=name)
    model.size_multiple = size_multiple
    return model


def noise(height, width, channels=3, seed=0):
    draw = np.random.default_rng(seed)
    return draw.integers(0, 256, (height, width, channels), dtype=np.uint8)


@pytest.fixture(scope="module")
def identity():
    return pointwise(lambda x: tf.identity(x), size_multiple=4)


class Shapes(keras.layers.Layer):
    """Notes the shapes that arrive, and how often it is traced."""

    def __init__(self):
        super().__init__()
        self.traced = 0
        self.seen = []

    def call(self, images):
        self.traced += 1
        return tf.numpy_function(self._note, [images], tf.float32)

    def _note(self, images):
        self.seen.append(images.shape)
        return images

    def compute_output_shape(self, input_shape):
        return input_shape


def noting_generator(size_multiple):
    layer = Shapes()
    images = keras.Input((None, None, 3))
    model = keras.Model(images, layer(images))
    model.size_multiple = size_multiple
    layer.traced = 0
    return model, layer


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("tile", "overlap"), [(None, 0.5), (16, 0.5), (16, 0.0), (16, 0.9), ((8, 24), 0.5)]
)
def test_an_identity_generator_changes_no_bit(identity, size, tile, overlap):
    image = noise(*size)
    translated = translate_image(identity, image, tile=tile, overlap=overlap)
    np.testing.assert_array_equal(translated, image)


@pytest.mark.parametrize("size", SIZES)
def test_tiles_of_a_pointwise_generator_equal_the_whole_image(size):
    negative = pointwise(lambda x: -x)
    image = noise(*size)
    whole = translate_image(negative, image)
    np.testing.assert_array_equal(whole, 255 - image)
    np.testing.assert_array_equal(translate_image(negative, image, tile=16), whole)


@pytest.mark.parametrize("tile", [None, 8])
def test_channels_may_differ(tile):
    to_grey = pointwise(lambda x: tf.reduce_mean(x, -1, keepdims=True))
    image = np.repeat(noise(11, 19, 1), 3, axis=-1)
    np.testing.assert_array_equal(translate_image(to_grey, image, tile=tile), image[..., :1])
    to_colour = pointwise(lambda x: tf.concat([x, -x, x], -1), channels=1)
    coloured = translate_image(to_colour, image[..., :1], tile=tile)
    np.testing.assert_array_equal(coloured[..., 1:2], 255 - image[..., :1])


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (37, 50)])
@pytest.mark.parametrize(
    "generator",
    [unet(depth=3, filters=4), resnet(blocks=1, filters=4)],
    ids=["unet", "resnet"],
)
@pytest.mark.parametrize("tile", [None, 16])
def test_real_generators_take_any_size(generator, size, tile):
    translated = translate_image(generator, noise(*size), tile=tile)
    assert translated.shape == (*size, 3)
    assert translated.dtype == np.uint8


def test_whole_images_are_padded_to_the_next_multiple_and_no_further():
    generator, layer = noting_generator(32)
    image = noise(33, 64)
    translate_image(generator, image)
    assert layer.seen == [(1, 64, 64, 3)]


def test_one_trace_serves_all_sizes_and_batches():
    generator, layer = noting_generator(4)
    for size, batch_size in [((40, 56), 3), ((16, 16), 8), ((20, 90), 2)]:
        translate_image(generator, noise(*size), tile=16, batch_size=batch_size)
    translate_image(generator, noise(21, 23))
    assert layer.traced == 1
    assert max(shape[0] for shape in layer.seen) == 3
    assert {shape[1:3] for shape in layer.seen[:-1]} == {(16, 16)}
    translate_image(generator, noise(*size), tile=(16, 24))
    assert layer.seen[-1][1:3] == (16, 24)


def test_a_graph_goes_with_its_generator():
    gc.collect()
    before = len(_GRAPHS)
    generator = unet(depth=3, filters=4)
    translate_image(generator, noise(8, 8))
    assert len(_GRAPHS) == before + 1
    del generator
    keras.backend.clear_session()
    gc.collect()
    assert len(_GRAPHS) == before


def test_new_weights_count_at_once():
    generator = unet(depth=3, filters=4)
    image = noise(8, 8)
    translate_image(generator, image)
    for variable in generator.trainable_variables:
        variable.assign(tf.zeros(variable.shape))
    # tanh(0) is the middle of the range.
    assert np.all(translate_image(generator, image) == 128)


@pytest.mark.parametrize("overlap", [0.0, 0.1, 0.25, 0.5, 0.66, 0.9])
@pytest.mark.parametrize("length", [16, 17, 31, 32, 33, 100])
def test_weights_sum_to_one_and_tiles_stay_inside(length, overlap):
    tile = 16
    starts = tile_starts(length, tile, overlap)
    assert starts[0] == 0
    assert starts[-1] == length - tile
    assert all(b - a <= max(1, tile * (1 - overlap) + 1e-6) for a, b in itertools.pairwise(starts))
    total = np.zeros(length)
    for start, weights in zip(starts, blend_weights(starts, tile), strict=True):
        total[start : start + tile] += weights
    np.testing.assert_allclose(total, 1, atol=1e-6)


def test_weights_of_half_overlapping_tiles_are_raised_cosines():
    weights = blend_weights([0, 8, 16], 16)
    position = (np.arange(8) + 0.5) / 8
    rising = (1 - np.cos(np.pi * position)) / 2
    np.testing.assert_allclose(weights[1], np.concatenate([rising, 1 - rising]), atol=1e-6)
    np.testing.assert_array_equal(weights[0, :8], 1)


def largest_jump(image):
    pixels = image.astype(int)
    return max(np.abs(np.diff(pixels, axis=0)).max(), np.abs(np.diff(pixels, axis=1)).max())


# Each tile in one grey, -0.8 or 0.8 by its first pixel: the worst that a seam can meet.
def one_grey_a_tile():
    return pointwise(lambda x: 0 * x + 0.8 * tf.sign(x[:, :1, :1, :1]))


@pytest.mark.parametrize("size", [(96, 80), (101, 67)])
def test_blending_leaves_no_seam(size):
    generator, tile = one_grey_a_tile(), 32
    contrast = 2 * 0.8 * 127.5
    hard = translate_image(generator, noise(96, 96), tile=tile, overlap=0)
    assert largest_jump(hard) > 0.9 * contrast
    blended = translate_image(generator, noise(*size), tile=tile, overlap=0.5)
    assert blended.max() - blended.min() > 0.9 * contrast
    # The steepest slope of sin^2 over half a tile; tiles that share more rise a little faster.
    slope = np.pi / 2 / (tile / 2) * contrast
    assert largest_jump(blended) < 1.25 * slope + 1


def test_progress_is_reported_up_to_the_end(identity):
    for tile in (None, 8):
        shares = []
        translate_image(identity, noise(20, 20), tile=tile, report=shares.append)
        assert shares == sorted(shares)
        assert shares[-1] == 1


@pytest.mark.parametrize("overlap", [-0.1, 0.91, 1, float("nan")])
def test_overlap_out_of_range(identity, overlap):
    with pytest.raises(DataError, match="overlap=.*from 0"):
        translate_image(identity, noise(40, 40), tile=16, overlap=overlap)


@pytest.mark.parametrize("tile", [-4, 0, 4, 15, (16, 15), (4, 16)])
def test_tile_that_the_generator_cannot_take(identity, tile):
    with pytest.raises(
        DataError, match=f"tile={re.escape(str(tile))} .*multiples of 4 from 8, for example"
    ):
        translate_image(identity, noise(40, 40), tile=tile)


def test_batch_of_no_tiles(identity):
    with pytest.raises(DataError, match="batch_size=0"):
        translate_image(identity, noise(40, 40), tile=16, batch_size=0)


@pytest.mark.parametrize(
    "image",
    [noise(8, 8, 1), noise(8, 8)[..., 0], noise(8, 8) / 255, noise(8, 0)],
    ids=["grey", "rank 2", "float", "empty"],
)
def test_images_of_another_kind(identity, image):
    with pytest.raises(DataError, match=r"translates uint8 images \(H, W, 3\), not"):
        translate_image(identity, image)


# ---- files


@pytest.fixture(scope="module")
def negative():
    return pointwise(lambda x: -x)


def put(path, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    # Whatever the suffix says, the content is PNG, which keeps every bit.
    write_image(path.with_name("new.png"), noise(12, 10, seed=seed))
    path.with_name("new.png").rename(path)
    return path


def names(paths, root):
    return [path.relative_to(root).as_posix() for path in paths]


def test_files_folders_and_globs_keep_their_names(tmp_path, negative):
    single = put(tmp_path / "one" / "single.PNG", seed=1)
    put(tmp_path / "many" / "b.bmp")
    put(tmp_path / "many" / "a.webp")
    (tmp_path / "many" / "notes.txt").write_text("no image")
    put(tmp_path / "deep" / "x" / "y" / "c.jpg")
    inputs = [single, tmp_path / "many", f"{tmp_path}/deep/**/*", tmp_path / "many" / "b.bmp"]
    written = translate_files(negative, inputs, tmp_path / "out", tile=8, progress=False)
    assert names(written, tmp_path / "out") == ["single.PNG", "a.webp", "b.png", "c.jpg"]
    np.testing.assert_array_equal(read_image(written[0]), 255 - noise(12, 10, seed=1))
    assert sorted(os.listdir(tmp_path / "out")) == sorted(names(written, tmp_path / "out"))


def test_equal_names_keep_the_path_that_tells_them_apart(tmp_path, negative):
    put(tmp_path / "in" / "spring" / "1.png", seed=1)
    put(tmp_path / "in" / "autumn" / "1.png", seed=2)
    inputs = [tmp_path / "in" / "spring", tmp_path / "in" / "autumn"]
    written = translate_files(negative, inputs, tmp_path / "out", progress=False)
    assert names(written, tmp_path / "out") == ["spring/1.png", "autumn/1.png"]
    np.testing.assert_array_equal(read_image(written[1]), 255 - noise(12, 10, seed=2))


def test_a_second_run_does_not_translate_the_results_of_the_first(tmp_path, negative):
    put(tmp_path / "a.png")
    for _ in range(2):
        written = translate_files(
            negative, [f"{tmp_path}/**/*.png"], tmp_path / "out", overwrite=True, progress=False
        )
    assert names(written, tmp_path / "out") == ["a.png"]


def test_an_input_is_never_overwritten(tmp_path, negative):
    original = put(tmp_path / "a.png")
    content = original.read_bytes()
    link = tmp_path / "link"
    link.symlink_to(tmp_path, target_is_directory=True)
    for out_dir in (tmp_path, link):
        with pytest.raises(DataError, match=r"a\.png would be overwritten.*another output folder"):
            translate_files(negative, [tmp_path], out_dir, progress=False)
    assert original.read_bytes() == content


def test_files_that_would_become_one(tmp_path, negative):
    put(tmp_path / "in" / "a.png")
    put(tmp_path / "in" / "a.bmp")
    with pytest.raises(DataError, match=r"a\.bmp and .*a\.png would both become .*a\.png"):
        translate_files(negative, [tmp_path / "in"], tmp_path / "out", progress=False)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nowhere", "there is no file or folder .*nowhere"),
        ("*.png", r"no image file matches .*\*\.png"),
        ("empty", "empty holds nothing"),
        ("*", r"no image file matches .* \(1 other"),
    ],
)
def test_inputs_that_name_no_image(tmp_path, negative, source, message):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=message):
        translate_files(negative, [tmp_path / source], tmp_path / "o", progress=False)


def test_no_inputs(tmp_path, negative):
    with pytest.raises(DataError, match="nothing to translate"):
        translate_files(negative, [], tmp_path, progress=False)


def test_the_output_folder_is_a_file(tmp_path, negative):
    put(tmp_path / "a.png")
    (tmp_path / "out").write_text("")
    with pytest.raises(DataError, match="out is a file; a folder"):
        translate_files(negative, [tmp_path], tmp_path / "out", progress=False)


def test_bad_files_stop_or_are_left_out_and_listed(tmp_path, negative, capsys):
    put(tmp_path / "in" / "good.png")
    (tmp_path / "in" / "bad[1].png").write_bytes(b"not a picture")
    arguments = (negative, [tmp_path / "in"], tmp_path / "out")
    with pytest.raises(DataError, match=r"bad\[1\]\.png is not an image.*; --skip-bad leaves out"):
        translate_files(*arguments, progress=False)
    written = translate_files(*arguments, skip_bad=True, progress=True)
    assert names(written, tmp_path / "out") == ["good.png"]
    said = capsys.readouterr().err
    assert "left out 1 of 2 files" in said
    assert "bad[1].png is not an image" in said
    (tmp_path / "in" / "good.png").unlink()
    with pytest.raises(DataError, match="none of the 1 files can be read"):
        translate_files(*arguments, skip_bad=True, progress=False)
