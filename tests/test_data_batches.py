import itertools
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfi2i.data import (
    check_crop,
    data_error_in,
    open_source,
    steps_per_epoch,
    to_float,
    training_batches,
)
from tfi2i.data.pipeline.store import ImageStore, MemoryBudget
from tfi2i.errors import DataError


def first(dataset, count):
    """The first elements, as lists of arrays."""
    return [
        [np.asarray(part) for part in (element if isinstance(element, tuple) else (element,))]
        for element in itertools.islice(dataset, count)
    ]


def same(left, right):
    return all(
        np.array_equal(x, y)
        for one, two in zip(left, right, strict=True)
        for x, y in zip(one, two, strict=True)
    )


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(path)


@pytest.fixture
def pairs(tmp_path):
    """Seven pairs of noise, 12 px; b is the negative of a."""
    random = np.random.default_rng(1)
    for number in range(7):
        noise = random.integers(0, 256, (12, 12, 3))
        save(tmp_path / "pairs" / "A" / f"{number}.png", noise)
        save(tmp_path / "pairs" / "B" / f"{number}.png", 255 - noise)
    return tmp_path / "pairs"


@pytest.fixture
def numbered(tmp_path):
    """Domains of 10 and 4 plain images: the red of an image is its number."""
    for domain, count in (("trainA", 10), ("trainB", 4)):
        for number in range(count):
            image = np.zeros((8, 8, 3))
            image[..., 0] = number
            save(tmp_path / "numbered" / domain / f"{number:02d}.png", image)
    return tmp_path / "numbered"


def numbers(batches, part=0):
    """The numbers of all images in the order of their visits."""
    return [round((float(x[0, 0, 0]) + 1) * 127.5) for one in batches for x in one[part]]


SMALL: dict[str, Any] = {"batch_size": 3, "load_size": 14, "crop_size": 8}


class TestElements:
    @pytest.mark.parametrize("cache", [True, False])
    def test_pairs_share_every_draw(self, pairs, cache):
        dataset = training_batches(open_source(pairs), **SMALL, cache=cache)
        spec = tf.TensorSpec((3, 8, 8, 3), tf.float32)
        assert dataset.element_spec == (spec, spec)
        assert dataset.cardinality() == tf.data.INFINITE_CARDINALITY
        for a, b in first(dataset, 10):
            # Resizing rounds, so that a negative is one up to a grey level.
            assert np.abs(a + b).max() <= 2.01 / 127.5

    def test_unpaired_have_their_own_order_and_draws(self, pairs):
        dataset = training_batches(open_source(pairs, kind="unpaired"), **SMALL)
        assert all(np.abs(a + b).max() > 0.5 for a, b in first(dataset, 5))

    def test_labels_follow_their_images(self, tmp_path):
        for number, name in enumerate(("cat", "dog", "owl")):
            for copy in range(2 + number):
                save(tmp_path / name / f"{copy}.png", np.full((8, 8, 3), number))
        source = open_source(tmp_path)
        dataset = training_batches(source, batch_size=4, load_size=8, crop_size=8)
        spec: Any = dataset.element_spec
        assert spec[1] == tf.TensorSpec((4,), tf.int32)
        batches = first(dataset, 9)
        assert numbers(batches) == [int(x) for _, labels in batches for x in labels]
        assert set(numbers(batches)) == {0, 1, 2}

    def test_images(self, pairs):
        source = open_source(pairs / "A", channels=1)
        dataset = training_batches(source, **SMALL)
        assert dataset.element_spec == tf.TensorSpec((3, 8, 8, 1), tf.float32)

    def test_crops_come_from_everywhere_and_are_mirrored_half_the_time(self, tmp_path):
        y, x = np.mgrid[:10, :10]
        save(tmp_path / "one.png", np.stack([x * 20, y * 20, 0 * x], -1))
        source = open_source(tmp_path)
        dataset = training_batches(source, batch_size=1, load_size=None, crop_size=8)
        corners, mirrored = set(), 0
        for (batch,) in first(dataset, 200):
            red, green = ((batch[0, ..., channel] + 1) * 127.5 / 20 for channel in (0, 1))
            flipped = red[0, 0] > red[0, -1]
            mirrored += flipped
            corners.add((round(green[0, 0]), round(red[0, -1 if flipped else 0])))
        assert corners == {(top, left) for top in range(3) for left in range(3)}
        assert 70 < mirrored < 130
        upright = training_batches(source, load_size=None, crop_size=8, flip=False)
        assert all(one[0, 0, 0, 0] < one[0, 0, -1, 0] for (one,) in first(upright, 20))

    def test_whole_images_are_the_file_to_the_bit(self, pairs):
        source = open_source(pairs / "A")
        dataset = training_batches(source, load_size=12, crop_size=12, flip=False)
        known = [to_float(source.splits["train"].a.load(i)).tobytes() for i in range(7)]
        assert {one[0].tobytes() for (one,) in first(dataset, 7)} == set(known)


class TestOrder:
    @pytest.mark.parametrize("batch_size", [1, 4, 10, 3])
    def test_every_epoch_visits_every_image_once(self, numbered, batch_size):
        dataset = training_batches(
            open_source(numbered), batch_size=batch_size, load_size=8, crop_size=8, seed=5
        )
        batches = first(dataset, 60 // batch_size)
        a, b = numbers(batches, 0), numbers(batches, 1)
        epochs_a = [a[start : start + 10] for start in range(0, 60, 10)]
        assert all(sorted(epoch) == list(range(10)) for epoch in epochs_a)
        assert len({tuple(epoch) for epoch in epochs_a}) == 6
        assert all(sorted(b[start : start + 4]) == [0, 1, 2, 3] for start in range(0, 60, 4))

    @pytest.mark.parametrize("kind", ["paired", "unpaired", "images", "labelled"])
    @pytest.mark.parametrize("step", [1, 2, 5, 11])
    def test_start_step_equals_skip(self, pairs, kind, step):
        source = open_source(pairs, kind=kind)
        whole = training_batches(source, **SMALL, seed=9)
        resumed = training_batches(source, **SMALL, seed=9, start_step=step)
        expected = first(whole.skip(step), 4)
        assert same(first(resumed, 4), expected)
        assert same(first(whole, step + 4)[step:], expected)

    def test_does_not_depend_on_the_cache_or_on_who_asks(self, pairs):
        source = open_source(pairs)
        kept = training_batches(source, **SMALL)
        once, again = first(kept, 12), first(kept, 12)
        assert same(once, again)
        assert same(once, first(training_batches(source, **SMALL, cache=False), 12))

    def test_seeds_differ_in_order_and_in_draws(self, pairs, numbered):
        orders = {
            tuple(numbers(first(training_batches(open_source(numbered), seed=seed, **SMALL), 3)))
            for seed in range(5)
        }
        assert len(orders) == 5
        one = open_source(pairs / "A")
        draws = {first(training_batches(one, seed=s, **SMALL), 1)[0][0].tobytes() for s in range(5)}
        assert len(draws) == 5

    def test_a_batch_larger_than_the_smaller_domain(self, numbered):
        source = open_source(numbered)
        dataset = training_batches(source, batch_size=9, load_size=8, crop_size=8)
        assert sorted(numbers(first(dataset, 4), 1)) == sorted([0, 1, 2, 3] * 9)


class GlobalNoise(keras.layers.Layer):
    """Draws from TensorFlow's global generator, as KerasCV's layers do."""

    def __init__(self):
        super().__init__()
        self._random_generator = tf.random.get_global_generator()

    def call(self, images, training=False):
        shift = self._random_generator.uniform([], -50, 50)
        return images + shift if training else images


class TestAugment:
    LAYERS = staticmethod(
        lambda: [
            keras.layers.RandomBrightness(0.4),
            keras.layers.RandomTranslation(0.3, 0.3, fill_mode="constant"),
            keras.layers.RandomColorJitter((0, 255), 0.3, 0.3, 0.3, 0.1),  # layers in a layer
        ]
    )

    def test_resumes_bit_for_bit(self, pairs):
        source = open_source(pairs)
        options: dict[str, Any] = {"augment": self.LAYERS(), "seed": 3, **SMALL}
        whole = first(training_batches(source, **options), 8)
        assert same(first(training_batches(source, **options, start_step=5), 3), whole[5:])
        fresh = {**options, "augment": self.LAYERS()}
        assert same(first(training_batches(source, **fresh, start_step=5), 3), whole[5:])
        assert not same(whole, first(training_batches(source, **{**options, "seed": 4}), 8))

    def test_layers_that_draw_as_kerascv_does_resume_too(self, pairs):
        options: dict[str, Any] = {"augment": [GlobalNoise()], **SMALL}
        whole = first(training_batches(open_source(pairs), **options), 6)
        assert same(
            first(training_batches(open_source(pairs), **options, start_step=2), 4), whole[2:]
        )
        plain = first(training_batches(open_source(pairs), **SMALL), 6)
        assert not any(same([one], [two]) for one, two in zip(whole, plain, strict=True))

    def test_draws_differ_from_step_to_step(self, tmp_path):
        save(tmp_path / "grey.png", np.full((8, 8, 3), 128))
        layer = keras.layers.RandomBrightness(0.5)
        dataset = training_batches(
            open_source(tmp_path), load_size=8, crop_size=8, augment=[layer], seed=1
        )
        levels = {float(one[0, 0, 0, 0]) for (one,) in first(dataset, 10)}
        assert len(levels) == 10
        assert min(levels) >= -1 and max(levels) <= 1

    def test_is_equal_for_pairs_and_not_for_others(self, tmp_path):
        for domain in "AB":
            save(tmp_path / domain / "grey.png", np.full((8, 8, 3), 128))
        options: dict[str, Any] = {"load_size": 8, "crop_size": 8, "augment": self.LAYERS()}
        paired = training_batches(open_source(tmp_path), **options)
        assert all(np.array_equal(a, b) for a, b in first(paired, 5))
        unpaired = training_batches(open_source(tmp_path, kind="unpaired"), **options)
        assert not any(np.array_equal(a, b) for a, b in first(unpaired, 5))

    def test_draws_that_cannot_be_repeated(self, pairs):
        class Wild(keras.layers.Layer):
            def call(self, images):
                return images + tf.random.uniform(tf.shape(images), 0, 9)

        with pytest.raises(DataError, match=r"\(Wild\) .* two images of a pair differently"):
            training_batches(open_source(pairs), **SMALL, augment=[Wild()])
        with pytest.warns(UserWarning, match="a resumed run will differ"):
            training_batches(open_source(pairs / "A"), **SMALL, augment=[Wild()])

    def test_faults(self, pairs):
        with pytest.raises(DataError, match=r"shape \(8, 8, 3\) into \(4, 4, 3\)"):
            training_batches(open_source(pairs), **SMALL, augment=[keras.layers.CenterCrop(4, 4)])
        with pytest.raises(DataError, match="is not a Keras layer"):
            training_batches(open_source(pairs), **SMALL, augment=[np.flip])


class TestSteps:
    def test_counts_the_larger_domain(self, numbered, pairs):
        assert steps_per_epoch(open_source(numbered), 3) == 3
        assert steps_per_epoch(open_source(pairs), 1) == 7

    def test_faults(self, numbered):
        source = open_source(numbered)
        for function in (steps_per_epoch, training_batches):
            with pytest.raises(DataError, match="10 training images, .* one batch of 11"):
                function(source, batch_size=11)
        with pytest.raises(DataError, match="batch_size=0"):
            steps_per_epoch(source, 0)
        with pytest.raises(DataError, match="start_step=-1"):
            training_batches(source, start_step=-1)

    def test_crops_larger_than_images(self, pairs):
        save(pairs / "A" / "6.png", np.zeros((12, 9, 3)))
        save(pairs / "B" / "6.png", np.zeros((12, 9, 3)))
        source = open_source(pairs)
        check_crop(source, 12, 12)
        check_crop(source, None, 9)
        with pytest.raises(DataError, match=r"1 of 7 .*=10, such as 6.png \(height 12, width 9"):
            training_batches(source, load_size=None, crop_size=10)
        with pytest.raises(DataError, match="load_size=10 is smaller than crop_size=12"):
            training_batches(source, load_size=10, crop_size=12)


@pytest.mark.fault("10")
def test_a_file_that_is_damaged_later_is_named(pairs):
    source = open_source(pairs)
    (pairs / "B" / "3.png").write_bytes(b"no longer a picture")
    with pytest.raises(tf.errors.OpError) as caught:
        first(training_batches(source, **SMALL), 3)
    error = data_error_in(caught.value)
    assert isinstance(error, DataError)
    assert str(error).startswith(str(pairs / "B" / "3.png"))
    assert "Traceback" not in str(error)
    assert data_error_in(tf.errors.InternalError(None, None, "something else")) is None


def test_memory_is_kept_within_the_budget(pairs, monkeypatch):
    images = open_source(pairs).splits["train"].a
    loads = []
    load = type(images).load
    monkeypatch.setattr(
        type(images), "load", lambda self, index: (loads.append(index), load(self, index))[1]
    )
    store = ImageStore(images, 14, MemoryBudget(5 * 14 * 14 * 3))
    once = [store.get(index) for index in range(7)]
    again = [store.get(index) for index in range(7)]
    assert loads == [0, 1, 2, 3, 4, 5, 6, 5, 6]
    assert same([once], [again])


@pytest.mark.fault("15")
def test_two_replicas_share_every_batch(pairs):
    devices = tf.config.list_logical_devices("CPU")
    strategy = tf.distribute.MirroredStrategy([device.name for device in devices[:2]])
    dataset = training_batches(open_source(pairs), batch_size=4, load_size=8, crop_size=8)
    policy = dataset.options().experimental_distribute.auto_shard_policy
    assert policy == tf.data.experimental.AutoShardPolicy.DATA
    spread = iter(strategy.experimental_distribute_dataset(dataset))
    for expected in first(dataset, 3):
        a, b = next(spread)
        whole = [np.concatenate(strategy.experimental_local_results(part)) for part in (a, b)]
        assert same([whole], [expected])


@pytest.mark.filterwarnings("ignore:`shuffle=True` was passed")
def test_keras_fits_on_it(pairs):
    model = keras.Sequential([keras.layers.Conv2D(3, 1)])
    model.compile("sgd", "mse")
    dataset = training_batches(open_source(pairs), batch_size=2, load_size=8, crop_size=8)
    history = model.fit(dataset, epochs=2, steps_per_epoch=3, verbose=0)  # pyright: ignore
    assert np.isfinite(history.history["loss"]).all()

    @pytest.mark.filterwarnings("ignore::DeprecationWarning")
    def test_a_layer_of_kerascv(self, pairs):
        keras_cv = pytest.importorskip("keras_cv")
        layer = keras_cv.layers.RandomBrightness(0.4, value_range=(0, 255))
        with pytest.raises(DataError, match=r"\(RandomBrightness\) .* a pair differently"):
            training_batches(open_source(pairs), **SMALL, augment=[layer])
        source = open_source(pairs / "A")
        with pytest.warns(UserWarning, match="a resumed run will differ"):
            seen = first(training_batches(source, **SMALL, augment=[layer]), 4)
        plain = first(training_batches(source, **SMALL), 4)
        # One shift for all pixels of an image, cut at black and white.
        for (one,), (other,) in zip(seen, plain, strict=True):
            inside = (np.abs(one) < 0.999) & (np.abs(other) < 0.999)
            for image, shifted, free in zip(other, one, inside, strict=True):
                change = (shifted - image)[free]
                assert np.ptp(change) < 1e-5 and abs(change.mean()) > 1e-4
