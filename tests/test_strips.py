"""Large images by strips: the same answer as the whole image, in bounded memory."""

import errno
import gc
import tempfile

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.data.decode import rows as kept_maps
from tfi2i.data.decode.pixels import to_float, to_uint8
from tfi2i.errors import DataError
from tfi2i.inference import translate
from tfi2i.inference.passes import planned
from tfi2i.inference.reach import reach_of
from tfi2i.inference.steps import NotInStrips, laid_open
from tfi2i.inference.strips import StripNetwork
from tfi2i.inference.translate import translate_image
from tfi2i.layers import (
    AdaptiveInstanceNormalization,
    BlockConv2D,
    CropFirst2D,
    FixedLatent,
    NearestUpsampling2D,
    ReflectionPadding2D,
    SelfAttention,
    SpectralNormalization,
)
from tfi2i.networks import (
    adain_decoder,
    dual_unet,
    editing_generator,
    encoder_decoder,
    resnet,
    stargan_generator,
    towards_domain,
    unet,
)


def noise(height, width, channels=3):
    draw = np.random.default_rng(0)
    # Levels that differ from top to bottom, so that no strip has the statistics of the whole.
    slope = np.linspace(0, 120, height)[:, None, None]
    return (draw.integers(0, 136, (height, width, channels)) + slope).astype(np.uint8)


def at_a_latent():
    generator = unet(depth=2, filters=4, latent_length=2, norm="instance", dropout=0)
    images = keras.Input((None, None, 3))
    latent = FixedLatent([0.5, -1.0])(images)
    model = keras.Model(images, generator([images, latent]))
    model.size_multiple = 4
    return model


def restyled():
    """Two convolutions, a stored style, and AdaIN's decoder as a model inside."""
    images = keras.Input((None, None, 3))
    features = keras.layers.Rescaling(2.0)(images)
    for filters in (8, 128):
        features = keras.layers.Conv2D(filters, 3, padding="same", activation="relu")(features)
        if filters == 8:
            features = keras.layers.MaxPooling2D(padding="same")(features)
    styled = AdaptiveInstanceNormalization()(features)
    model = keras.Model(images, adain_decoder(level=2, filters=4)(styled))
    model.size_multiple = 4
    return model


NETWORKS = {
    "instance norm": lambda: resnet(blocks=2, filters=4),
    "attention": lambda: resnet(blocks=1, filters=8, attention=True, spectral=True),
    "statistics of the image, dropout": lambda: unet(
        depth=3,
        filters=4,
        statistics_at_inference="image",
        dropout_at_inference=True,
        attention_at=(2,),
    ),
    "moving statistics": lambda: unet(
        depth=3, filters=4, upsampling="nearest", padding="reflect", input_skip=True
    ),
    "odd kernels": lambda: dual_unet(depth=3, filters=4),
    "no skips": lambda: encoder_decoder(depth=3, filters=4),
    "label": lambda: towards_domain(stargan_generator(domains=2, blocks=1, filters=4), 0, 2),
    "mask": lambda: towards_domain(
        editing_generator(domains=2, blocks=1, filters=4, upsampling="nearest"), 1, 2
    ),
    "latent": at_a_latent,
    "style": restyled,
}


@pytest.fixture(scope="module", params=NETWORKS)
def generator(request):
    keras.utils.set_random_seed(0)
    network = NETWORKS[request.param]()
    draw = np.random.default_rng(0)
    for variable in network.trainable_variables:
        if len(variable.shape) == 4:
            # Large enough that signals do not fade where moving statistics are those of the start.
            scale = np.sqrt(2 / np.prod(variable.shape[:3]))
            variable.assign(scale * draw.normal(size=variable.shape))
    for layer in network._flatten_layers():
        if isinstance(layer, SelfAttention):
            layer.gamma.assign(1.0)
        if isinstance(layer, AdaptiveInstanceNormalization):
            layer.mean.assign(tf.linspace(-1.0, 1.0, 128))
    return network


def by_keras(generator, image):
    return to_uint8(np.asarray(generator(to_float(image)[None], training=False))[0])


def psnr(a, b):
    mean_square = np.mean(np.square(a.astype(float) - b))
    return np.inf if mean_square == 0 else 10 * np.log10(255**2 / mean_square)


def test_strips_give_what_keras_gives_for_the_whole_image(generator):
    # A quarter of it has an odd number of rows, the last of which attention pools alone.
    image = noise(104, 24) if generator.size_multiple > 4 else noise(100, 20)
    passes = planned(laid_open(generator))
    # As low as they can be: each reads less than the image.
    strips = [len(list(one.strips(*image.shape[:2], memory=1))) for one in passes]
    assert min(strips) >= 3
    made = StripNetwork(passes).translate(image, memory=1)
    whole = by_keras(generator, image)
    assert np.ptp(whole) > 20
    # Rounding to levels is all that may differ.
    assert np.abs(made.astype(int) - whole).max() <= 1 and psnr(made, whole) > 60


def test_what_is_not_kept_is_computed_again():
    keras.utils.set_random_seed(0)
    generator = unet(depth=2, filters=4, norm="instance", dropout=0, attention_at=(1,))
    image = noise(104, 24)
    passes = planned(laid_open(generator), kept_bytes=0)
    made = StripNetwork(passes).translate(image, memory=1)
    assert psnr(made, by_keras(generator, image)) > 60


def test_tiles_give_another_picture():
    """What they are held against can differ: the property above is not that of any way."""
    keras.utils.set_random_seed(0)
    generator = resnet(blocks=2, filters=4)
    image = noise(104, 24)
    assert psnr(translate_image(generator, image, tile=24), by_keras(generator, image)) < 45


def test_half_precision_is_kept(monkeypatch):
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        generator = unet(depth=2, filters=4, norm="instance", dropout=0)
    finally:
        keras.config.set_dtype_policy("float32")
    passes = planned(laid_open(generator))
    assert {value.dtype for one in passes for value in one.keeps} == {"bfloat16"}
    image = noise(96, 16)
    made = StripNetwork(passes).translate(image, memory=1)
    assert psnr(made, by_keras(generator, image)) > 40


# --- what is made of it for large images ---


@pytest.fixture
def small_is_large(monkeypatch, tmp_path):
    monkeypatch.setattr(translate, "MOST_PIXELS_AT_ONCE", 500)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_large_images_of_any_size_go_by_strips(small_is_large, monkeypatch):
    keras.utils.set_random_seed(0)
    generator = unet(depth=3, filters=4, norm="instance", dropout=0)
    image = noise(97, 21)
    mirrored = np.pad(image, [(0, 7), (0, 3), (0, 0)], mode="reflect")
    expected = by_keras(generator, mirrored)[:97, :21]
    # The network is not asked as a whole.
    monkeypatch.setattr(translate, "_graph", None)
    shares = []
    made = translate_image(generator, image, report=shares.append)
    assert np.abs(made.astype(int) - expected).max() <= 1
    assert shares == sorted(shares) and shares[-1] == 1 and len(shares) > 5
    assert list(small_is_large.iterdir()) == []


def test_new_weights_count_at_once(small_is_large):
    generator = unet(depth=2, filters=4)
    image = noise(40, 24)
    translate_image(generator, image)
    for variable in generator.trainable_variables:
        variable.assign(tf.zeros(variable.shape))
    assert np.all(translate_image(generator, image) == 128)


def test_graphs_go_with_their_generator(small_is_large):
    gc.collect()
    before = len(translate._BY_STRIPS)
    generator = unet(depth=2, filters=4)
    translate_image(generator, noise(40, 24))
    assert len(translate._BY_STRIPS) == before + 1
    del generator
    keras.backend.clear_session()
    gc.collect()
    assert len(translate._BY_STRIPS) == before


def test_networks_of_unknown_layers_take_the_whole_image(small_is_large):
    images = keras.Input((None, None, 3))
    generator = keras.Model(images, keras.layers.Lambda(lambda x: -x)(images))
    generator.size_multiple = 1
    with pytest.raises(NotInStrips):
        laid_open(generator)
    image = noise(40, 24)
    np.testing.assert_array_equal(translate_image(generator, image), 255 - image)


def test_no_space_is_said_before_and_while(small_is_large, monkeypatch):
    generator = unet(depth=2, filters=4)
    usage = type(kept_maps.shutil.disk_usage("/"))
    with monkeypatch.context() as context:
        context.setattr(kept_maps.shutil, "disk_usage", lambda folder: usage(9, 9, 9))
        with pytest.raises(DataError, match="translating 24x40 pixels needs .* TMPDIR"):
            translate_image(generator, noise(40, 24))

    class Full:
        def seek(self, place):
            pass

        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self):
            pass

    monkeypatch.setattr(kept_maps.tempfile, "TemporaryFile", lambda **options: Full())
    with pytest.raises(DataError, match=r"No space left on device.*TMPDIR"):
        translate_image(generator, noise(40, 24))


def test_strips_fit_their_memory_and_files_hold_what_was_planned():
    network = laid_open(resnet(blocks=9, filters=64))
    passes = planned(network)
    height, width = 4000, 3000
    for one in passes:
        strips = list(one.strips(height, width, memory := 256 << 20))
        assert strips[0][0] == 0 and strips[-1][1] == height
        assert all(a[1] == b[0] for a, b in zip(strips, strips[1:], strict=False))
        read = min(height, max(end - start for start, end in strips) + sum(one.margins))
        assert read * width * one.bytes_per_pixel <= memory
    # Of 256 channels at a quarter of the side: a block's input, and its two convolutions.
    assert StripNetwork(passes).file_bytes_per_pixel == 3 * 256 * 4 / 16
    assert StripNetwork(planned(network, 0)).file_bytes_per_pixel == 0


# --- how far layers look ---

LAYERS = [
    keras.layers.Conv2D(2, 3, padding="same"),
    keras.layers.Conv2D(2, 4, padding="same", strides=2),
    keras.layers.Conv2D(2, 7, padding="valid"),
    keras.layers.Conv2D(2, 5, padding="valid", strides=2),
    keras.layers.Conv2DTranspose(2, 4, padding="same", strides=2),
    keras.layers.Conv2DTranspose(2, 3, padding="valid", strides=2),
    keras.layers.Conv2DTranspose(2, 5, padding="valid", strides=2),
    SpectralNormalization(keras.layers.Conv2D(2, 4, padding="same", strides=2)),
    BlockConv2D(3, 7),
    ReflectionPadding2D(3),
    CropFirst2D(),
    NearestUpsampling2D(),
    keras.layers.ZeroPadding2D(2),
    keras.layers.Cropping2D(((2, 1), (2, 1))),
    keras.layers.MaxPooling2D(padding="same"),
    keras.layers.LeakyReLU(),
]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_a_changed_row_changes_the_rows_that_the_reach_says(layer):
    reach = reach_of(layer)
    assert reach is not None
    image = np.random.default_rng(0).normal(size=(1, 64, 12, 2)).astype(np.float32)
    made = np.asarray(layer(image))
    assert made.shape[1] == 64 * reach.up // reach.down + reach.surplus(0)
    found = []
    for row in range(28, 36):
        changed = image.copy()
        changed[:, row] += 1.0
        rows = np.nonzero(np.any(np.asarray(layer(changed)) != made, axis=(0, 2, 3)))[0]
        own = rows // reach.up * reach.down
        found += [(own - row).max(), (row - own - reach.down + 1).max()]
    assert max(found[::2]) == reach.before and max(found[1::2]) == reach.after


def test_layers_that_dilate_or_are_not_known_have_no_reach():
    assert reach_of(keras.layers.Conv2D(2, 3, dilation_rate=2)) is None
    assert reach_of(keras.layers.GlobalAveragePooling2D()) is None
