import importlib.util
import socket
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tfi2i.data import evaluation_arrays, open_source, training_batches
from tfi2i.errors import DataError, MissingExtraError

tfds = pytest.importorskip("tensorflow_datasets")

COUNTS = {"trainA": 4, "trainB": 3, "testA": 2, "testB": 2}


def opened(source, **options) -> Any:
    """A source, untyped: the tests look behind the protocol of its images."""
    return open_source(source, **options)


def arrays(source, **options) -> Any:
    """The arrays to evaluate on, untyped: `b` is there where a test says so."""
    return evaluation_arrays(source, **options)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Where TensorFlow Datasets keeps its files."""
    import tensorflow_datasets.core.constants as constants

    monkeypatch.setattr(constants, "DATA_DIR", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def horses(home, tmp_path, monkeypatch):
    """The real builder of horse2zebra, run on small JPEG files instead of its download."""
    random = np.random.default_rng(0)
    for split, count in COUNTS.items():
        folder = tmp_path / "archive" / "horse2zebra" / split
        folder.mkdir(parents=True)
        for number in range(count):
            pixels = random.integers(0, 256, (20, 24, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.jpg")
    monkeypatch.setattr(
        tfds.download.DownloadManager,
        "download_and_extract",
        lambda self, urls: tmp_path / "archive",
    )
    return "tfds:cycle_gan/horse2zebra"


def digits(home, splits):
    """The metadata of MNIST as if it were prepared, for `mock_data`."""
    builder = tfds.builder("mnist")
    infos = [
        tfds.core.SplitInfo(name=name, shard_lengths=[count], num_bytes=count * 300)
        for name, count in splits.items()
    ]
    builder.info.set_splits(tfds.core.splits.SplitDict(infos))
    folder = home / "mnist" / str(builder.info.version)
    folder.mkdir(parents=True)
    builder.info.write_to_directory(folder)
    return tfds.testing.mock_data(num_examples=5, data_dir=str(home))


def test_the_real_builder(horses):
    source = opened(horses)
    assert source.kind == "unpaired"
    assert source.description == (
        "found unpaired (TensorFlow Datasets cycle_gan/horse2zebra/3.0.0): "
        "4 + 3 training images, 2 + 2 test"
    )
    train = source.splits["train"]
    assert train.a.names[:2] == ["trainA-000000", "trainA-000001"]
    assert train.a.sizes == [(20, 24)] * 4
    a, b = next(iter(training_batches(source, batch_size=2, load_size=16, crop_size=8)))
    assert a.shape == b.shape == (2, 8, 8, 3)
    assert arrays(source, size=8)[1].shape == (2, 8, 8, 3)
    swapped = opened(horses, direction="b2a")
    assert np.array_equal(swapped.splits["train"].a.load(1), train.b.load(1))
    assert swapped.fingerprint != source.fingerprint
    assert opened(horses).fingerprint == source.fingerprint


def test_mock_data_of_a_labelled_builder(home):
    with digits(home, {"train": 5, "test": 5}):
        source = opened("tfds:mnist", channels=1)
        images = opened("tfds:mnist", kind="images")
    assert source.kind == "labelled"
    assert images.kind == "images" and images.class_names == source.class_names
    assert images.splits["train"].labels == source.splits["train"].labels
    assert source.class_names == tuple("0123456789")
    assert source.description.endswith("5 training images, 5 test")
    images, labels = next(
        iter(training_batches(source, batch_size=5, load_size=28, crop_size=28, flip=False))
    )
    assert images.shape == (5, 28, 28, 1)
    assert sorted(labels.numpy().tolist()) == sorted(source.splits["train"].labels)


def test_kinds_that_a_builder_does_not_offer(horses, home):
    with pytest.raises(DataError, match="offers unpaired images; it cannot serve as paired"):
        opened(horses, kind="paired")
    with digits(home, {"test": 5}), pytest.raises(DataError, match="has no split train; .*test"):
        opened("tfds:mnist")


def test_names_that_do_not_exist(home):
    for name in ("tfds:no_such_builder_at_all", "tfds:cycle_gan/horse2cow"):
        with pytest.raises(DataError, match=f"{name}: TensorFlow Datasets has no such builder"):
            opened(name)


def test_more_than_one_image_per_example(home):
    with pytest.raises(DataError, match="image features per example"):
        opened("tfds:oxford_iiit_pet")


@pytest.mark.fault("29")
def test_no_network(home, monkeypatch):
    """The real download code, with a resolver that knows no host and no pause between tries."""

    def unknown(*_args, **_kwargs):
        raise socket.gaierror("no network in this test")

    from urllib3.util import Retry

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setattr(Retry, "get_backoff_time", lambda self: 0)
    with pytest.raises(DataError, match="could not be downloaded or prepared") as caught:
        opened("tfds:cycle_gan/horse2zebra")
    assert "Manual route" in str(caught.value)
    assert str(home / "downloads" / "manual") in str(caught.value)


def test_more_than_fits_into_memory(horses, monkeypatch):
    monkeypatch.setattr("tfi2i.data.builtin.tfds.MAX_BYTES", 100)
    with pytest.raises(DataError, match="pass a tf.data.Dataset"):
        opened(horses)


@pytest.mark.parametrize("missing", ["tensorflow_datasets", "importlib_resources"])
@pytest.mark.fault("28")
def test_without_the_package(monkeypatch, missing):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == missing else find_spec(name)
    )
    with pytest.raises(MissingExtraError, match=missing.replace("_", "-") + r".*tfi2i\[tfds\]"):
        opened("tfds:mnist")
