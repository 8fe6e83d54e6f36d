"""Style transfer: the VGG-shaped network, its losses, stored styles, and the optimised picture."""

import importlib.util

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfi2i import losses
from tfi2i.cli.chosen import set_chosen_style
from tfi2i.data import open_source, read_style, spread_evenly, to_float
from tfi2i.errors import DataError, MissingExtraError, RecipeError, RunError
from tfi2i.evidence.measures.style import style_transfer
from tfi2i.layers import AdaptiveInstanceNormalization
from tfi2i.metrics.style import StyleMeter
from tfi2i.networks import PerceptualFeatures, adain_decoder, resnet, vgg_features
from tfi2i.networks.vgg import LAYERS
from tfi2i.recipe import Recipe
from tfi2i.training import RunFolder
from tfi2i.training.run.training import Training
from tfi2i.zoo.style.adain import AdaIN
from tfi2i.zoo.style.fast_style import FastStyle
from tfi2i.zoo.style.gatys import Gatys
from tfi2i.zoo.translation import TranslationGAN


def weights(model) -> int:
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


@pytest.fixture(scope="module")
def tiles() -> np.ndarray:
    """32 training tiles of each of the three maps."""
    parts = []
    for source in ("earth:bmng-etopo1", "earth:shadedrelief-etopo1"):
        train = open_source(source, kind="paired", load_size=64).splits["train"]
        assert train.b is not None
        parts += [train.a, train.b] if "bmng" in source else [train.a]
    return np.stack([part.load(i) for part in parts for i in spread_evenly(len(part), 32)])


# --- the network ---


def test_it_has_the_weights_of_vgg_16_and_trains_none():
    network = vgg_features(LAYERS[-1:])
    assert network.count_params() == 14_714_688
    assert network.trainable_weights == []


def test_activations_are_normalised(tiles):
    means = {k: float(np.mean(v)) for k, v in PerceptualFeatures(LAYERS)(to_float(tiles)).items()}
    assert list(means) == list(LAYERS)
    # The means are those of other, drier tiles than these.
    assert all(0.8 < mean < 1.25 for mean in means.values()), means


def test_the_first_layer_sees_bgr_less_the_mean():
    import h5py

    from tfi2i.networks.vgg import WEIGHTS

    image = np.random.default_rng(0).integers(0, 256, (1, 6, 7, 3)).astype(np.uint8)
    with h5py.File(WEIGHTS.path()) as file:
        kernel, bias = (file[f"block1/layers/conv2d/vars/{part}"][:] for part in (0, 1))
    seen = image[..., ::-1].astype(np.float32) - np.array([104.00699, 116.66877, 122.67892])
    expected = tf.nn.relu(tf.nn.conv2d(seen.astype(np.float32), kernel, 1, "SAME") + bias)
    found = vgg_features(["relu1_1"])(to_float(image))["relu1_1"]
    np.testing.assert_allclose(found * 14.5, expected, atol=1e-2)


def test_reflection_differs_at_the_border_only():
    image = to_float(np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3)).astype(np.uint8))
    zeros, mirrored = (
        vgg_features(["relu1_2"], reflect=reflect)(image)["relu1_2"] for reflect in (False, True)
    )
    assert zeros.shape == mirrored.shape
    np.testing.assert_allclose(zeros[:, 2:-2, 2:-2], mirrored[:, 2:-2, 2:-2], atol=1e-5)
    assert np.abs(zeros - mirrored).max() > 0.1


def test_what_is_missing_is_named(monkeypatch):
    with pytest.raises(RecipeError, match="relu9_9"):
        vgg_features(["relu9_9"])
    from tfi2i.networks import vgg

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"tfi2i\[style\]"):
        vgg.WEIGHTS.path()


# --- losses ---


def test_gram_matrix_by_hand():
    features = tf.constant([[[[1.0, 2.0], [3.0, -1.0]]]])  # 2 positions, 2 channels
    expected = np.array([[1 + 9, 2 - 3], [2 - 3, 4 + 1]]) / (2 * 2)
    np.testing.assert_allclose(losses.gram_matrix(features)[0], expected)
    target = tf.constant([[[0.5, 0.5], [0.5, -1.0]]])
    assert float(losses.gram_style(losses.gram_matrix(features), target)) == (
        pytest.approx(np.square(expected - target[0]).mean())
    )


def test_gram_matrix_does_not_depend_on_the_size():
    features = tf.random.stateless_uniform((2, 4, 4, 3), (0, 1))
    twice = tf.concat([features, features], axis=1)
    np.testing.assert_allclose(losses.gram_matrix(features), losses.gram_matrix(twice), rtol=1e-5)


def test_content_statistics_and_variation_by_hand():
    x, target = tf.constant([[[[1.0], [3.0]]]]), tf.constant([[[[0.5], [4.0]]]])
    assert float(losses.content(x, target)) == pytest.approx((0.25 + 1) / 2)
    # Two images of two channels. Of the first: means 2 and 0, deviations 1 and 2; of the second
    # and of the target: means 1 and -1, deviations 3 and 1 (but for epsilon).
    images = tf.constant([[[[1.0, 2.0], [3.0, -2.0]]], [[[-2.0, 0.0], [4.0, -2.0]]]])
    style = tf.constant([[[[4.0, -2.0], [-2.0, 0.0]]]])
    first = (2 - 1) ** 2 + (0 + 1) ** 2 + (1 - 3) ** 2 + (2 - 1) ** 2
    assert float(losses.statistics_style(images, style)) == pytest.approx(first / 2, rel=1e-3)
    image = tf.constant([[[[0.0], [1.0]], [[0.5], [1.0]]]])
    one = 0.25 + 0 + 1 + 0.25
    assert float(losses.total_variation(image)) == pytest.approx(one)
    two = tf.concat([image, 2.0 * image], axis=0)
    assert float(losses.total_variation(two)) == pytest.approx((one + 4 * one) / 2)


# --- networks and layers ---


def test_weights_of_the_published_networks():
    assert weights(adain_decoder()) == 3_505_219
    # c9s1-32, d64, d128, R128 x 5, u64, u32, c9s1-3, scale and offset after all but the last.
    kernels = 81 * 3 * 32 + 9 * 32 * 64 + 9 * 64 * 128 + 10 * 9 * 128 * 128
    kernels += 9 * 128 * 64 + 9 * 64 * 32 + 81 * 32 * 3
    norms = 32 + 64 + 128 + 10 * 128 + 64 + 32
    assert weights(FastStyle().generator) == kernels + 2 * norms + 3


def test_decoder_undoes_the_poolings():
    for level in (2, 3, 4):
        decoder = adain_decoder(level=level, filters=4)
        channels = decoder.input_shape[-1]
        size = 2 ** (level - 1)
        assert decoder(np.zeros((1, 4, 6, channels), np.float32)).shape == (
            1,
            4 * size,
            6 * size,
            3,
        )


def test_nearest_upsampling_in_the_residual_generator():
    model = resnet(blocks=1, filters=4, upsampling="nearest")
    assert model(np.zeros((1, 16, 8, 3), np.float32)).shape == (1, 16, 8, 3)
    with pytest.raises(RecipeError, match="upsampling"):
        resnet(blocks=1, filters=4, upsampling="none")  # type: ignore[arg-type]


def test_adaptive_normalisation_gives_the_styles_statistics():
    content, style = (tf.random.stateless_normal((2, 8, 8, 5), (0, s)) * 3 + s for s in (1, 2))
    layer = AdaptiveInstanceNormalization()
    styled = layer(content, style=style)
    for statistic in (tf.reduce_mean, tf.math.reduce_std):
        np.testing.assert_allclose(statistic(styled, (1, 2)), statistic(style, (1, 2)), atol=1e-3)
    layer.strength.assign(0.0)
    np.testing.assert_allclose(layer(content), content)


# --- variants ---


def test_a_stored_style_is_that_of_the_image_and_is_saved(tmp_path):
    model = AdaIN(crop_size=32, level=2, filters=4)
    content = np.random.default_rng(1).integers(0, 256, (1, 32, 32, 3), dtype=np.uint8)
    style = read_style("earth:etopo1")
    model.set_style(style)
    features = {k: model.encoder(to_float(v))["relu2_1"] for k, v in (("c", content),)}
    target = model.stored_style(
        features["c"], style=model.encoder(to_float(style)[None])["relu2_1"]
    )
    expected = np.asarray(model.decoder(target))
    np.testing.assert_allclose(model.translator()(to_float(content)), expected, atol=1e-3)
    again = AdaIN.load(model.save(tmp_path / "saved"))
    assert np.array_equal(again.translate_batch(content), model.translate_batch(content))

    model.set_style(style, strength=0.0)
    untouched = np.asarray(model.decoder(features["c"]))
    np.testing.assert_allclose(model.translator()(to_float(content)), untouched, atol=1e-3)


def test_a_style_that_cannot_be_taken_is_refused():
    model = AdaIN(crop_size=32, level=2, filters=4)
    with pytest.raises(DataError, match="strength"):
        model.set_style("earth:etopo1", strength=2.0)
    with pytest.raises(DataError, match="too small"):
        model.set_style(np.zeros((2, 40, 3), np.uint8))
    with pytest.raises(DataError, match="takes no other"):
        set_chosen_style(FastStyle(crop_size=32, blocks=1, filters=4), "earth:etopo1", None)
    with pytest.raises(RecipeError, match="level"):
        AdaIN(level=1)
    with pytest.raises(RecipeError, match="start"):
        Gatys(start="nowhere")  # type: ignore[arg-type]


def test_the_stored_style_of_training_is_the_average():
    model = AdaIN(crop_size=32, level=2, filters=4)
    model.compile()
    a, b = (tf.random.stateless_uniform((2, 32, 32, 3), (0, s), -1, 1) for s in (1, 2))
    for style in (a, b):
        model.train_step((a, style))
    means = [tf.reduce_mean(model.encoder(x)["relu2_1"], (0, 1, 2)) for x in (a, b)]
    np.testing.assert_allclose(model.stored_style.mean, (means[0] + means[1]) / 2, rtol=1e-4)


def test_a_picture_from_the_start_is_the_same_again():
    model = Gatys(crop_size=32, start="content")
    model.compile()
    content = read_style("earth:shadedrelief", 32)
    first = model.stylise(content, iterations=12)
    assert np.array_equal(model.stylise(content, iterations=12), first)
    meter = StyleMeter()
    style = model.style_image()
    assert meter.style_distance(first[None], [style]) < 0.5 * meter.style_distance(
        content[None], [style]
    )


def test_distances_are_zero_for_the_image_itself():
    meter = StyleMeter()
    image = read_style("earth:etopo1", 64)[None]
    other = read_style("earth:bmng", 64)[None]
    assert meter.content_distance(image, image) == 0.0
    assert meter.style_distance(image, [image[0]]) < 1e-10
    assert meter.domain_distance(image, image) < 1e-10
    assert meter.content_distance(other, image) > 0.1
    assert meter.style_distance(other, [image[0]]) > 0.1


def test_measures_of_every_kind_of_variant():
    pairs = open_source("earth:shadedrelief-etopo1", kind="unpaired", load_size=32)
    one = open_source("earth:shadedrelief", kind="images", load_size=32, limit=1)
    keys = {"content_distance", "style_distance", "untouched_style_distance"}
    adain = AdaIN(crop_size=32, level=2, filters=4)
    fast = FastStyle(crop_size=32, blocks=1, filters=4)
    for model, source in ((adain, pairs), (fast, one), (Gatys(crop_size=32), one)):
        figures = style_transfer(model, source, 32)
        assert figures.keys() == keys
        assert all(np.isfinite(value) and value > 0 for value in figures.values())


def test_styles_are_read(tmp_path):
    assert read_style("earth:etopo1").shape == (256, 256, 3)
    assert read_style("earth:etopo1", 64).shape == (64, 64, 3)
    from tfi2i.data import write_image

    write_image(tmp_path / "s.png", np.zeros((20, 30, 3), np.uint8))
    assert read_style(tmp_path / "s.png", 10).shape == (10, 15, 3)
    with pytest.raises(DataError, match="no Earth map"):
        read_style("earth:nowhere")


def test_part_of_a_source(unpaired_folder):
    earth = open_source("earth:shadedrelief", kind="images")
    assert earth.kind == "images"
    assert earth.splits["train"].b is None
    few = open_source(unpaired_folder, limit=2)
    train, whole = few.splits["train"], open_source(unpaired_folder).splits["train"]
    assert train.b is not None
    assert (len(train.a), len(train.b)) == (2, 2)
    assert np.array_equal(train.a.load(1), whole.a.load(len(whole.a) - 1))
    assert few.fingerprint != open_source(unpaired_folder).fingerprint
    with pytest.raises(DataError, match="limit=0"):
        open_source(unpaired_folder, limit=0)


def test_half_precision_leaves_the_features_in_float32():
    keras.config.set_dtype_policy("mixed_float16")
    model = AdaIN(crop_size=32, level=2, filters=4)
    assert isinstance(model, TranslationGAN)
    assert model.encoder(np.zeros((1, 32, 32, 3), np.float32))["relu2_1"].dtype == tf.float32
    from tfi2i.export.generator import inference_generator

    exported = inference_generator(model.translator()).model
    image = to_float(read_style("earth:etopo1", 32))[None]
    np.testing.assert_allclose(
        exported(image), np.asarray(model.translator()(image), np.float32), atol=0.05
    )


def test_the_comparison_counts_the_images_of_every_kind_of_variant():
    from tfi2i.evidence.style_beside_cyclegan import SIZE, SOURCE, _training_images

    train = open_source(SOURCE, kind="unpaired", load_size=SIZE).splits["train"]
    assert train.b is not None
    assert _training_images("unpaired") == f"{len(train.a)} + {len(train.b)}"
    assert _training_images("images").endswith(" + 1")


def test_the_cards_show_the_comparison():
    from tfi2i.evidence.style_beside_cyclegan import CARDS, read_comparison, section
    from tfi2i.zoo.catalogue import find_variant

    folder = find_variant(CARDS[0]).folder.parent
    comparison = section(read_comparison(folder))
    for name in CARDS:
        assert comparison in (folder / name / "README.md").read_text(encoding="utf-8")


def test_a_run_does_not_go_on_with_another_style_image(images_folder, tmp_path):
    style = tmp_path / "style.png"
    Image.effect_noise((32, 32), 50).convert("RGB").save(style)
    recipe = Recipe(
        "gatys",
        model={"style": str(style), "start": "noise"},
        data={"source": str(images_folder), "batch_size": 1, "load_size": 32, "crop_size": 32},
        train={"epochs": 1, "samples": 1},
    ).resolve(Gatys)
    training = Training(recipe, Gatys, RunFolder(tmp_path / "run"))
    training.model.iteration.assign(1)  # Where nothing was trained, a run begins anew.
    training.checkpoints.save(training.model)
    assert Training(recipe, Gatys, training.folder).resumed_from is not None
    Image.effect_noise((32, 32), 90).convert("RGB").save(style)
    with pytest.raises(RunError, match="another style image"):
        Training(recipe, Gatys, training.folder)
