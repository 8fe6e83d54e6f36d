"""Images of 16 bits, floats and other channels: from files to a trained model and its pictures."""

import json
import warnings
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from deep_pictures import picture

from tfi2i.cli import main
from tfi2i.data import (
    EIGHT_BITS,
    ValueRange,
    as_rgb,
    evaluation_arrays,
    open_source,
    read_image,
    read_pixels,
    training_batches,
    write_pixels,
)
from tfi2i.errors import DataError, WeightsError
from tfi2i.evidence.evaluate import evaluate_model
from tfi2i.metrics import evaluate, l1, psnr, ssim
from tfi2i.metrics.colour import colour_distance
from tfi2i.recipe import Recipe
from tfi2i.training import RunFolder
from tfi2i.training.files.model_facts import read_model_facts, write_model_facts
from tfi2i.training.files.saving import load_model, save_model
from tfi2i.training.run.training import Training
from tfi2i.zoo.catalogue import find_variant
from tfi2i.zoo.paired.pix2pix import Pix2Pix

TWELVE = ValueRange("uint16", 0, 4095)
SIXTEEN = ValueRange("uint16", 0, 65535)
SIZES = {"load_size": 36, "crop_size": 32, "batch_size": 2}
TINY: dict[str, Any] = {"filters": 4, "discriminator_filters": 4, "receptive_field": 16, "depth": 3}


@pytest.fixture(scope="module")
def deep_pairs(tmp_path_factory):
    """`train` and `test` with `a`, arrays of five channels of 12 bits, and `b`, PNGs of 16 bits."""
    root = tmp_path_factory.mktemp("deep")
    for part, seeds in (("train", range(4)), ("test", range(4, 7))):
        for domain in "ab":
            (root / part / domain).mkdir(parents=True)
        for seed in seeds:
            a = picture(seed, 5)
            write_pixels(root / part / "a" / f"{seed}.npy", a)
            b = np.rint(65535 * (1 - a[..., :3] / 4095)).astype(np.uint16)
            write_pixels(root / part / "b" / f"{seed}.png", b)
    return root


STATED: dict[str, Any] = {"a_channels": 5, "a_range": "0:4095", "b_range": "0:65535"}


@pytest.fixture(scope="module")
def source(deep_pairs):
    return open_source(deep_pairs, **STATED)


@pytest.fixture(scope="module")
def trained(deep_pairs, tmp_path_factory):
    recipe = Recipe(
        "pix2pix",
        model=TINY,
        data={"source": str(deep_pairs), **STATED, **SIZES},
        train={"epochs": 1, "samples": 2},
    ).resolve(Pix2Pix)
    training = Training(recipe, Pix2Pix, RunFolder(tmp_path_factory.mktemp("runs") / "run"))
    training.fit(verbose=0)
    return training


class TestSource:
    def test_domains_with_their_own_channels_and_ranges(self, source):
        assert source.channels == (5, 3) and source.value_ranges == (TWELVE, SIXTEEN)
        assert source.description.endswith("a: 16 bits, 0:4095; b: 16 bits, 0:65535")
        image = source.splits["train"].a.load(2)
        np.testing.assert_array_equal(image, picture(2, 5))
        back = open_source(
            source.name, direction="b2a", b_channels=5, b_range="0:4095", a_range="0:65535"
        )
        assert back.channels == (3, 5) and back.value_ranges == (SIXTEEN, TWELVE)

    def test_without_a_range_the_values_found_are_named(self, deep_pairs):
        with pytest.raises(DataError) as error:
            open_source(deep_pairs / "train" / "a", channels=5)
        words = str(error.value)
        assert "those of the 4 looked at go from 0 to 4095" in words
        assert "State data.range=0:4095 (all that 12 bits hold), or 0:65535" in words
        assert "8bit" not in words  # Of five channels there is no picture of 8 bits.
        with pytest.raises(DataError, match=r"\(all that 16 bits hold\), or data.range=8bit"):
            open_source(deep_pairs / "train" / "b")

    def test_16_bits_as_8(self, deep_pairs):
        found = open_source(deep_pairs / "train" / "b", range="8bit")
        assert found.value_ranges == (EIGHT_BITS, EIGHT_BITS)
        file = deep_pairs / "train" / "b" / "0.png"
        deep = read_pixels(file, value_range=SIXTEEN)
        np.testing.assert_array_equal(found.splits["train"].a.load(0), deep >> 8)

    def test_other_channels_name_the_setting(self, deep_pairs):
        with pytest.raises(DataError, match="4 of 4 images .*0.npy with 5: set data.channels=5"):
            open_source(deep_pairs, range="0:4095")

    def test_several_depths(self, tmp_path):
        write_pixels(tmp_path / "1.png", picture(0, 3))
        write_pixels(tmp_path / "2.png", (picture(0, 3) >> 4).astype(np.uint8))
        with pytest.raises(DataError, match=r"1 uint16 \(such as .*1.png\), 1 uint8 .*8bit"):
            open_source(tmp_path, range="0:4095")
        assert open_source(tmp_path, range="8bit").value_ranges[0] == EIGHT_BITS

    def test_a_range_far_from_the_values_is_told(self, deep_pairs):
        with pytest.warns(UserWarning, match="from 0 to 4095: in the range 0:65535 they are"):
            open_source(deep_pairs / "train" / "a", channels=5, range="0:65535")
        with pytest.warns(UserWarning, match="beyond the range 0:1023 are taken for"):
            open_source(deep_pairs / "train" / "a", channels=5, range="0:1023")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            open_source(deep_pairs / "train" / "a", channels=5, range="0:4095")

    def test_8_bits_have_a_range_too(self, paired_folder):
        found = open_source(paired_folder, range="0:255")
        assert found.value_ranges == (EIGHT_BITS, EIGHT_BITS)
        assert found.description == open_source(paired_folder).description
        with pytest.raises(DataError, match="0:4095 does not suit images of 8 bits"):
            open_source(paired_folder, range="0:4095")

    def test_floats(self, tmp_path):
        values = (picture(1, 1) - 2000.0).astype(np.float32)
        write_pixels(tmp_path / "1.npy", values)
        with pytest.raises(DataError, match="float values.* from -2000 to 2095. State both"):
            open_source(tmp_path, channels=1)
        found = open_source(tmp_path, channels=1, range="-2000:2095")
        batch = next(iter(training_batches(found, load_size=None, crop_size=40, flip=False)))
        np.testing.assert_allclose(batch[0], (values + 2000) / 2047.5 - 1, atol=1e-5)

    def test_side_by_side_with_different_channels(self, tmp_path):
        (tmp_path / "train").mkdir()
        left, right = picture(1, 3), picture(2, 3)
        write_pixels(tmp_path / "train" / "1.png", np.concatenate([left, right], axis=1))
        found = open_source(tmp_path, range="0:4095", a_channels=1)
        assert found.channels == (1, 3)
        train = found.splits["train"]
        assert train.b is not None
        a, b = train.a.load(0), train.b.load(0)
        np.testing.assert_allclose(a[..., 0], left @ [0.299, 0.587, 0.114], atol=1)
        np.testing.assert_array_equal(b, right)

    def test_built_in_sets_with_one_grey_domain(self):
        found = open_source("earth:shadedrelief-etopo1", a_channels=1, load_size=32)
        colour = open_source("earth:shadedrelief-etopo1", load_size=32)
        assert found.channels == (1, 3) and found.fingerprint != colour.fingerprint
        train, of_colour = found.splits["train"], colour.splits["train"]
        assert train.b is not None and of_colour.b is not None
        luma = of_colour.a.load(0) @ [0.299, 0.587, 0.114]
        np.testing.assert_allclose(train.a.load(0)[..., 0], luma, atol=1)
        np.testing.assert_array_equal(train.b.load(0), of_colour.b.load(0))
        with pytest.raises(DataError, match="earth:.* has images of 8 bits: leave data.range"):
            open_source("earth:shadedrelief-etopo1", range="0:4095")
        with pytest.raises(DataError, match="channels=5 is not possible for earth:"):
            open_source("earth:shadedrelief-etopo1", b_channels=5)

    def test_what_is_not_possible(self, deep_pairs):
        with pytest.raises(DataError, match="channels=0 is not possible"):
            open_source(deep_pairs, channels=0)
        with pytest.raises(DataError, match="derive makes pairs of images of 8 bits"):
            open_source(deep_pairs / "train" / "b", range="0:65535", derive="grey")

    def test_datasets(self):
        pixels = picture(3, 2)
        dataset = tf.data.Dataset.from_tensors(pixels)
        with pytest.raises(DataError, match="uint16 images needs the values"):
            open_source(dataset, kind="images")
        found = open_source(dataset, kind="images", range="0:4095")
        assert found.channels == (2, 2)
        batch = next(iter(training_batches(found)))
        np.testing.assert_allclose(batch[0], pixels / 2047.5 - 1, atol=1e-6)


class TestBatches:
    def test_crops_are_the_pixels_in_their_range(self, source):
        batches = training_batches(
            source, batch_size=4, load_size=None, crop_size=40, flip=False, seed=1
        )
        a, b = (part.numpy() for part in next(iter(batches)))
        assert a.shape == (4, 40, 40, 5) and b.shape == (4, 40, 40, 3)
        wanted = {picture(seed, 5).tobytes(): seed for seed in range(4)}
        found = np.rint((a + 1) * 2047.5).astype(np.uint16)
        assert sorted(wanted[one.tobytes()] for one in found) == [0, 1, 2, 3]
        np.testing.assert_allclose(b, -a[..., :3], atol=2 / 65535)

    def test_resized_images_stay_in_the_range(self, source):
        a, b = next(iter(training_batches(source, load_size=64, crop_size=60)))
        assert max(np.abs(a).max(), np.abs(b).max()) <= 1.0
        np.testing.assert_allclose(b, -a[..., :3], atol=1e-3)


class TestFigures:
    """Held against formulas on whole numbers, which know nothing of [-1, 1]."""

    @pytest.fixture(scope="class")
    def pair(self):
        x = np.stack([picture(1, 3), picture(2, 3)])
        noise = np.random.default_rng(0).integers(-40, 41, x.shape)
        return [x, np.clip(x.astype(int) + noise, 0, 4095).astype(np.uint16)]

    def test_l1_and_psnr(self, pair):
        x, y = (one.astype(np.float64) for one in pair)
        assert l1(pair[0], pair[1], TWELVE) == pytest.approx(
            np.abs(x - y).mean() / 2047.5, rel=1e-4
        )
        squares = np.mean((x - y) ** 2, axis=(1, 2, 3))
        assert psnr(pair[0], pair[1], TWELVE) == pytest.approx(
            np.mean(10 * np.log10(4095**2 / squares)), abs=1e-3
        )
        # One step of 12 bits is far below one of 8 bits, and is seen.
        step = np.full((1, 4, 4, 1), 2000, np.uint16)
        assert l1(step, step + 1, TWELVE) == pytest.approx(1 / 2047.5, rel=1e-3)

    def test_ssim(self, pair):
        x, y = (tf.constant(one, tf.float64) for one in pair)
        published = tf.image.ssim(x, y, max_val=4095.0)
        assert ssim(pair[0], pair[1], TWELVE) == pytest.approx(float(np.mean(published)), abs=1e-4)

    def test_colour_distance(self):
        dark = np.zeros((1, 4, 4, 1), np.uint16)
        light = np.full((1, 4, 4, 1), 4095, np.uint16)
        distance = colour_distance(dark, light, value_range=TWELVE)
        wanted = colour_distance(dark.astype(np.uint8), np.full((1, 4, 4, 1), 255, np.uint8))
        assert distance == pytest.approx(wanted, rel=1e-5)

    def test_another_depth_is_refused(self, pair):
        with pytest.raises(DataError, match="need uint8 images"):
            l1(pair[0], pair[1])

    def test_beside_baselines(self):
        a = np.stack([picture(seed, 3, top=65535) for seed in range(3)])
        b = (a >> 4).astype(np.uint16)  # The same in 12 bits.
        seen = []

        class Pixels:
            name = "pixels"

            def __call__(self, images):
                seen.append(images)
                return images.reshape(len(images), -1)[:, ::97].astype(np.float64)

        flat = np.full((1, 40, 40, 3), 1000, np.uint16)
        found = evaluate(
            lambda images: images >> 5, a, b,
            paired=True, extractor=Pixels(), training_b=flat, value_ranges=(SIXTEEN, TWELVE),
        )  # fmt: skip
        truth = b.astype(np.float64)
        wanted = np.abs(truth // 2 - truth).mean() / 2047.5
        assert found["translated"]["l1"] == pytest.approx(wanted, rel=1e-3)
        assert found["copy_input"]["l1"] < 1e-3  # The input, in the range of b.
        wanted = np.abs(1000 - truth).mean() / 2047.5
        assert found["mean_colour"]["l1"] == pytest.approx(wanted, rel=1e-3)
        assert found["features"]["eight_bits"] is True
        assert {images.dtype for images in seen} == {np.dtype("uint8")}
        assert max(images.max() for images in seen) == 255


class TestModel:
    def test_the_run_notes_its_ranges(self, trained):
        facts = read_model_facts(trained.folder.path)
        assert facts["value_ranges"] == {
            "a": {"dtype": "uint16", "low": 0, "high": 4095},
            "b": {"dtype": "uint16", "low": 0, "high": 65535},
        }
        assert facts["config"]["input_channels"] == 5 and facts["config"]["output_channels"] == 3
        assert trained.recipe.to_yaml().count("0:4095") == 1

    def test_samples_are_pictures_of_8_bits(self, trained, source):
        grid = read_image(trained.folder.samples / "000000000.png")
        a, b, _ = evaluation_arrays(source, size=36, limit=2)
        assert b is not None
        np.testing.assert_array_equal(grid[:36, :36], as_rgb(a, TWELVE)[0])
        np.testing.assert_array_equal(grid[:36, 72:], as_rgb(b, SIXTEEN)[0])

    def test_saved_and_loaded(self, trained, tmp_path):
        loaded = load_model(Pix2Pix, trained.folder.path)
        assert loaded.value_ranges == {"a": TWELVE, "b": SIXTEEN}
        again = load_model(Pix2Pix, save_model(loaded, tmp_path / "model"))
        assert again.value_ranges == loaded.value_ranges
        plain = save_model(Pix2Pix(crop_size=32, **TINY), tmp_path / "plain")
        assert "value_ranges" not in read_model_facts(plain)
        assert load_model(Pix2Pix, plain).value_ranges == {"a": EIGHT_BITS, "b": EIGHT_BITS}

    @pytest.mark.parametrize(
        "ranges",
        [
            5, {"c": TWELVE.to_facts()}, {"a": 3}, {"a": {"dtype": "uint16", "low": 0}},
            {"a": {"dtype": "object", "low": 0, "high": 1}},
            {"a": {"dtype": "uint16", "low": "0", "high": 1}},
            {"a": {"dtype": "uint16", "low": 5, "high": 1}},
            {"a": {"dtype": "float32", "low": 0, "high": 10**400}},
        ],
    )  # fmt: skip
    def test_a_strangers_ranges_are_refused(self, ranges, tmp_path):
        write_model_facts(tmp_path, "pix2pix", {}, value_ranges=ranges)
        with pytest.raises(WeightsError, match="`value_ranges` are no ranges of values"):
            read_model_facts(tmp_path)

    def test_pixels_in_and_out(self, trained):
        model, image = trained.model, picture(9, 5, side=32)
        made = model.translate(image, scale=1)
        assert made.dtype == np.uint16 and made.shape == (32, 32, 3)
        floats = model.generator((image / 2047.5 - 1)[None].astype(np.float32), training=False)[0]
        wanted = np.rint((np.asarray(floats) + 1) * 32767.5)
        np.testing.assert_allclose(made, wanted, atol=1)
        assert len(np.unique(made)) > 256
        np.testing.assert_array_equal(model.translate_batch(image[None])[0], made)
        predicted = model.predict(image[None], verbose=0)[0]
        np.testing.assert_allclose(predicted, floats, atol=1e-4)
        np.testing.assert_allclose(
            model.predict((image / 2047.5 - 1)[None], verbose=0)[0], floats, atol=1e-4
        )
        for take in (model.translate, model.translate_batch, model.predict):
            with pytest.raises(DataError, match="takes uint16 pixels"):
                take(np.zeros((32, 32, 5), np.uint8))

    def test_at_another_scale_values_stay_in_the_range(self, trained):
        made = trained.model.translate(picture(9, 5, side=50), scale=0.7)
        assert made.dtype == np.uint16 and made.shape == (50, 50, 3)

    def test_figures_at_depth(self, trained, source):
        found = evaluate_model(trained.model, source, size=32, features=False)
        a, b, _ = evaluation_arrays(source, size=32)
        assert b is not None
        made = trained.model.translate_batch(a).astype(np.float64)
        wanted = np.abs(made - b).mean() / 32767.5
        assert found["translated"]["l1"] == pytest.approx(wanted, rel=1e-4)
        assert "copy_input" not in found and "mean_colour" in found
        with pytest.warns(UserWarning, match="beyond the range 0:60000"):
            other = open_source(source.name, **{**STATED, "b_range": "0:60000"})
        with pytest.raises(DataError, match="b of 16 bits, 0:65535; those .* 16 bits, 0:60000"):
            evaluate_model(trained.model, other, size=32, features=False)

    def test_a_run_goes_on(self, trained):
        again = Training(trained.recipe, Pix2Pix, trained.folder)
        assert again.iteration == trained.iteration and again.source.value_ranges[0] == TWELVE


def command(*words: object) -> Any:
    with pytest.raises(SystemExit) as stop:
        main([str(word) for word in words])
    return stop.value.code


class TestCommands:
    def test_translate_keeps_depth_and_names_say_it(self, trained, deep_pairs, tmp_path):
        out, run = tmp_path / "out", trained.folder.path
        assert command("translate", "--run", run, deep_pairs / "test" / "a", "--out", out) == 0
        assert sorted(path.name for path in out.iterdir()) == ["4.npy", "5.npy", "6.npy"]
        made = read_pixels(out / "4.npy", value_range=SIXTEEN)
        image = read_pixels(deep_pairs / "test/a/4.npy", channels=5, value_range=TWELVE)
        np.testing.assert_array_equal(made, trained.model.translate(image))

    def test_evaluate_opens_the_images_of_the_run(self, trained, tmp_path, capsys):
        figures, run = tmp_path / "figures.json", trained.folder.path
        assert command("evaluate", "--run", run, "--extractor", "none", "--json", figures) == 0
        assert json.loads(figures.read_text())["images_a"] == 3
        assert "0:4095" in capsys.readouterr().out

    def test_files_of_other_channels_are_refused(self, trained, deep_pairs, tmp_path, capsys):
        run, inputs = trained.folder.path, deep_pairs / "test" / "b"
        assert command("translate", "--run", run, inputs, "--out", tmp_path / "out") == 2
        assert "has 3 channels, and 5 are wanted" in capsys.readouterr().err

    def test_a_dry_run_finds_what_is_missing(self, deep_pairs, tmp_path, capsys):
        words = ["train", "pix2pix", "--data", deep_pairs, "--dry-run", "data.a_channels=5"]
        words += ["data.crop_size=32", "data.load_size=36", "--runs", tmp_path / "runs"]
        assert command(*words) == 2
        assert "State data.range=0:4095" in " ".join(capsys.readouterr().err.split())
        stated = ["data.a_range=0:4095", "data.b_range=0:65535", "data.batch_size=2"]
        assert command(*words, *stated) == 0
        shown = capsys.readouterr().out
        assert "input_channels: 5" in shown and "a_range: 0:4095" in shown


def test_both_directions_have_their_ranges(deep_pairs):
    cyclegan = find_variant("cyclegan").load_class()
    source = open_source(deep_pairs, kind="unpaired", **STATED)
    config = cyclegan.completed_config(
        Recipe("cyclegan", {"blocks": 1, "filters": 4, "identity_weight": 0.0},
               {"source": "x", **STATED, "crop_size": 32}).resolve(cyclegan).model_config(cyclegan),
        source,
    )  # fmt: skip
    model = cyclegan(**config)
    model.value_ranges = {"a": TWELVE, "b": SIXTEEN}
    forth = model.translate_batch(picture(1, 5, side=32)[None])
    back = model.translate_batch(forth, direction="b2a")
    assert forth.shape[-1] == 3 and back.shape[-1] == 5
    assert forth.max() > 4095 >= back.max() and back.dtype == np.uint16
