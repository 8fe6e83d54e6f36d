"""evaluate: the figures of a translator beside the baselines, and what it says when it cannot."""

import dataclasses
import json
import math

import numpy as np
import pytest

from tfi2i import progress
from tfi2i.errors import DataError, MissingExtraError
from tfi2i.metrics import colour_distance, efficientnet, evaluate, fid, kid, l1, psnr, ssim


class MeanColours:
    """A small extractor of the protocol, to see what reaches FID and KID: means of 2x2 quarters."""

    name = "mean-colours"

    def __call__(self, images, /):
        assert images.dtype == np.uint8 and images.shape[3] == 3
        n, h, w, _ = images.shape
        return images.reshape(n, 2, h // 2, 2, w // 2, 3).mean((2, 4), dtype=float).reshape(n, 12)


def noise(n, channels=3, size=16, seed=0):
    shape = (n, size, size, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def invert(images):
    return 255 - images


def test_pairs_have_every_figure_beside_two_baselines():
    a, truth = noise(20), noise(20, seed=1)
    training = np.concatenate([noise(1) // 2, noise(3, seed=2)])
    result = evaluate(invert, a, truth, paired=True, extractor=MeanColours(), training_b=training)
    colour = np.broadcast_to(np.rint(training.mean((0, 1, 2))).astype(np.uint8), truth.shape)
    for name, images in (("translated", invert(a)), ("copy_input", a), ("mean_colour", colour)):
        assert result[name]["l1"] == l1(images, truth)
        assert result[name]["psnr"] == psnr(images, truth)
        assert result[name]["ssim"] == ssim(images, truth)
    for name, images in (("translated", invert(a)), ("copy_input", a)):
        assert result[name]["colour"] == colour_distance(truth, images)
        real, fake = MeanColours()(truth), MeanColours()(images)
        assert result[name]["fid"] == fid(real, fake)
        assert result[name]["kid"] == kid(real, fake).mean
        assert result[name]["kid_spread"] == kid(real, fake).spread
    assert set(result["mean_colour"]) == {"l1", "psnr", "ssim"}
    assert result["features"] == {
        "extractor": "mean-colours",
        "dimensions": 12,
        "real_images": 20,
        "fake_images": 20,
        "kid_subsets": 50,
        "kid_subset_size": 10,
        "fid_warning": None,
    }
    assert (result["paired"], result["images_a"], result["images_b"]) == (True, 20, 20)
    assert result["image_size"] == [16, 16] and result["skipped"] == {}
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_unpaired_sets_of_two_sizes():
    a, b = noise(9, size=12), invert(noise(14, seed=1))
    result = evaluate(invert, a, b, paired=False, extractor=MeanColours())
    expected = {"colour", "fid", "kid", "kid_spread"}
    assert set(result["translated"]) == set(result["copy_input"]) == expected
    assert result["features"]["fake_images"] == 9 and result["features"]["real_images"] == 14
    assert "mean_colour" not in result
    assert "biased upwards with 9 images for 12 features" in result["features"]["fid_warning"]


def test_the_default_extractor_is_used_and_named():
    result = evaluate(invert, noise(4, size=32), noise(4, size=32, seed=1), paired=False)
    assert result["features"]["extractor"] == "efficientnet-lite0@160"
    assert result["features"]["dimensions"] == 1280
    assert math.isfinite(result["translated"]["fid"])


def test_translate_sees_small_batches_and_every_image_once():
    seen = []

    def translate(images):
        seen.append(images)
        return images

    a = noise(19)
    evaluate(translate, a, a, paired=True, extractor=MeanColours())
    assert max(map(len, seen)) <= 8
    np.testing.assert_array_equal(np.concatenate(seen), a)


def test_grey_is_repeated_and_perfect_pairs_have_no_finite_psnr():
    a = noise(6, channels=1)
    result = evaluate(lambda images: images, a, a, paired=True, extractor=MeanColours())
    assert result["translated"]["psnr"] is None and result["translated"]["l1"] == 0
    assert result["translated"]["fid"] == pytest.approx(0, abs=1e-6)


def test_what_is_left_out_is_said():
    a, b = noise(5, channels=4, size=8), noise(5, channels=2, size=8)
    result = evaluate(lambda images: images[..., :2], a, b, paired=True, extractor=MeanColours())
    assert set(result["translated"]) == {"colour", "l1", "psnr"}
    assert set(result["skipped"]) == {"ssim", "copy_input", "fid", "kid"}
    assert "2 channels" in result["skipped"]["fid"] and "11 px" in result["skipped"]["ssim"]
    assert "features" not in result and "copy_input" not in result
    single = evaluate(invert, noise(1), noise(1), paired=True, extractor=MeanColours())
    assert "at least two images" in single["skipped"]["kid"]


def test_without_the_package_pairs_are_measured_and_sets_are_not(monkeypatch):
    missing = dataclasses.replace(efficientnet.WEIGHTS, module="no_such_package_of_weights")
    monkeypatch.setattr(efficientnet, "WEIGHTS", missing)
    efficientnet.efficientnet_lite0.cache_clear()
    result = evaluate(invert, noise(4), noise(4, seed=1), paired=True)
    assert "tfi2i[metrics]" in result["skipped"]["fid"] and "ssim" in result["translated"]
    with pytest.raises(MissingExtraError):
        evaluate(invert, noise(4), noise(4, seed=1), paired=False)


@pytest.mark.parametrize(
    ("translate", "message"),
    [
        (lambda images: images / 255, "translate made float64"),
        (lambda images: images[:, :8], r"translate made uint8 \(3, 8, 16, 3\)"),
        (lambda images: images[:1], r"translate made uint8 \(1, 16, 16, 3\)"),
        (lambda images: images[..., :1], r"translate made uint8 \(3, 16, 16, 1\)"),
    ],
)
def test_a_translator_that_does_not_fit_is_named(translate, message):
    with pytest.raises(DataError, match=message):
        evaluate(translate, noise(3), noise(3), paired=True, extractor=MeanColours())


def test_wrong_arrays_are_refused():
    with pytest.raises(DataError, match="there are 3 and 4"):
        evaluate(invert, noise(3), noise(4), paired=True)
    with pytest.raises(DataError, match="Test images of domain b need uint8"):
        evaluate(invert, noise(3), noise(3) / 255, paired=True)
    for training, message in (([], "has no image"), (noise(2, channels=1), r"\(16, 16, 1\)")):
        with pytest.raises(DataError, match=message):
            evaluate(invert, noise(3), noise(3), paired=True, training_b=training)


def test_progress_is_silent_when_short_or_not_on_a_terminal(capfd, monkeypatch):
    with progress.progress_bar("Working", 2) as advance:
        advance(2)
    monkeypatch.setattr(progress, "_PATIENCE_SECONDS", -1)
    with progress.progress_bar("Working", 2) as advance:
        advance(2)
    assert capfd.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes this for a terminal
    with progress.progress_bar("Working", 2) as advance:
        advance(1)
    out, err = capfd.readouterr()
    assert out == "" and "Working" in err
