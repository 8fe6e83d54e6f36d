import itertools

import numpy as np
import pytest
import tensorflow as tf

from tfi2i.data import (
    evaluation_arrays,
    open_source,
    steps_per_epoch,
    to_float,
    training_batches,
)
from tfi2i.errors import DataError


def ramp(count=6, size=(8, 12)):
    """Images of one grey level each: their number."""
    return np.stack([np.full((*size, 3), number, np.uint8) for number in range(count)])


def levels(dataset, count):
    """The numbers of the images in the first batches."""
    return [
        [round((float(image[0, 0, 0]) + 1) * 127.5) for image in np.asarray(batch)]
        for batch in itertools.islice(dataset, count)
    ]


@pytest.fixture
def images():
    return tf.data.Dataset.from_tensor_slices(ramp())


@pytest.fixture
def pairs(images):
    return tf.data.Dataset.zip(images, images.map(lambda x: 255 - x))


class TestBatches:
    def test_keep_the_users_order_without_end(self, images):
        source = open_source(images, kind="images")
        batches = training_batches(source, batch_size=4)
        assert batches.element_spec == tf.TensorSpec((4, 8, 12, 3), tf.float32)
        assert levels(batches, 3) == [[0, 1, 2, 3], [4, 5, 0, 1], [2, 3, 4, 5]]
        assert steps_per_epoch(source, 4) == 1

    def test_resume(self, images):
        source = open_source(images, kind="images")
        assert levels(training_batches(source, batch_size=4, start_step=2), 1) == [[2, 3, 4, 5]]

    @pytest.mark.parametrize("kind", ["paired", "unpaired"])
    def test_two_domains(self, pairs, kind):
        source = open_source(pairs, kind=kind)
        a, b = next(iter(training_batches(source, batch_size=2)))
        assert np.allclose(a + b, 0)
        swapped = open_source(pairs, kind=kind, direction="b2a")
        assert np.array_equal(next(iter(training_batches(swapped, batch_size=2)))[0], b)

    def test_labels(self, images):
        labelled = tf.data.Dataset.zip(images, tf.data.Dataset.range(6))
        batch = next(iter(training_batches(open_source(labelled, kind="labelled"), batch_size=3)))
        assert batch[1].dtype == tf.int32
        assert batch[1].numpy().tolist() == [0, 1, 2]

    def test_floats_stay_as_they_are(self):
        floats = to_float(ramp())
        source = open_source(tf.data.Dataset.from_tensor_slices(floats), kind="images")
        assert np.array_equal(next(iter(training_batches(source, batch_size=6))), floats)

    def test_description(self, images):
        source = open_source(images, kind="images")
        assert source.description == (
            "given images: a tf.data.Dataset with 6 elements, no test part"
        )


class TestFaults:
    @pytest.mark.parametrize(
        ("kind", "make", "words"),
        [
            (None, lambda d: d, "state one of images, labelled, captioned, paired"),
            ("paired", lambda d: d, "kind paired does not fit"),
            ("images", lambda d: d.batch(2), "single, unbatched elements"),
            (
                "images",
                lambda d: d.map(lambda x: tf.cast(x, tf.int32)),
                "uint8 or uint16",
            ),
            ("images", lambda d: d.map(lambda x: tf.cast(x, "uint16")), 'range="0:65535"'),
            ("images", lambda d: d.map(lambda x: {"image": x}), "kind images does not fit"),
            ("labelled", lambda d: tf.data.Dataset.zip(d, d), "integer label"),
            (
                "images",
                lambda d: d.map(
                    lambda x: tf.ensure_shape(tf.py_function(lambda y: y, [x], "uint8"), None)
                ),
                "fixed height, width and channels",
            ),
            ("images", lambda d: d.map(lambda x: tf.cast(x, "float32") * 50), "from 0 to 0|floats"),
            ("images", lambda d: d.take(0), "is empty"),
        ],
    )
    def test_elements(self, images, kind, make, words):
        with pytest.raises(DataError, match=words):
            open_source(make(images.skip(1)), kind=kind)

    def test_range_of_floats(self, images):
        wild = images.skip(2).map(lambda x: tf.cast(x, tf.float32))
        with pytest.raises(DataError, match=r"values from 2 to 5; floats are in \[-1, 1\]"):
            open_source(wild, kind="images")

    def test_unknown_length(self, images):
        source = open_source(images.filter(lambda x: True), kind="images")
        assert "a length that is not known" in source.description
        with pytest.raises(DataError, match="does not know its length"):
            steps_per_epoch(source, 2)
        with pytest.raises(DataError, match="does not know its length"):
            steps_per_epoch(open_source(images.repeat(), kind="images"), 2)

    def test_fewer_than_a_batch(self, images):
        with pytest.raises(DataError, match="6 training images, which is less than one batch of 7"):
            steps_per_epoch(open_source(images, kind="images"), 7)

    def test_nothing_to_evaluate_on(self, images):
        with pytest.raises(DataError, match="none that can be loaded by number"):
            evaluation_arrays(open_source(images, kind="images"), size=8)
