"""Shared by all tests: two logical CPU devices, and small folders of real image files."""

import gc
import itertools
import os

# Before TensorFlow, whose kernels it chooses.
import tfi2i  # noqa: F401
from tfi2i.cli.console import quick_import

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Tests run side by side: one thread each is faster than two that fight, and bit-equal everywhere.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
# What XLA makes runs once: LLVM's search for faster code would take half of a compilation.
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)

with quick_import():
    import keras

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow.python.framework.ops import gradient_registry

from forking import Forking
from grouping import Groups, group_of, in_order
from tfi2i.data.captions import Embedded, write_embeddings
from tfi2i.training.strategy import make_strategy

_FORKING = Forking()

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration(), tf.config.LogicalDeviceConfiguration()],
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What shares a training is run in one go."""
    items[:] = in_order(items)


def pytest_collection_finish() -> None:
    """What was imported stays to the end: the collector need not look at it again and again.

    Nor need it look every 700 objects, of which a graph has very many, and keeps them all.
    """
    gc.set_threshold(50_000, 20, 100)
    gc.collect()
    gc.freeze()


_ENDED = itertools.count(1)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """At the end of a group its graphs go at once, and what is left is not looked at again.

    Else Keras keeps them, and each of the collector's full passes takes longer than the one before.
    """
    group = group_of(item.nodeid)
    if nextitem is None or group_of(nextitem.nodeid) != group:
        keras.backend.clear_session()
        # TensorFlow registers each custom gradient that it traces for ever, and with it the graph:
        # those of sums over replicas.
        registered = gradient_registry._registry
        for name in [name for name in registered if name.startswith("CustomGradient-")]:
            del registered[name]
        # Fixtures let go of a variant's trainings when the next variant asks for its own, so that
        # they are left to the next end. What lasts is put aside now and then, and once looked
        # through: with all that was ever imported that takes as long as many a group.
        if next(_ENDED) % 8 == 0:
            gc.unfreeze()
            gc.collect()
            gc.freeze()
        else:
            gc.collect()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Three workers for two cores: a fifth of the time a worker waits for a process it started."""
    return max(2, 3 * (os.cpu_count() or 1) // 2)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log) -> Groups:
    """Workers take whole groups, in the order of collection."""
    config.option.loadscopereorder = False
    return Groups(config, log)


@pytest.fixture(autouse=True)
def _same_start():
    """Every test begins with the same seed and precision, whatever ran before it."""
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy("float32")
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="session")
def forking() -> Forking:
    """Starts commands and programs in processes of their own."""
    return _FORKING


@pytest.fixture(scope="session")
def two_replicas() -> tf.distribute.MirroredStrategy:
    """Two logical CPU devices; one object for all tests of a process.

    A second strategy in one process counts its collectives from the start again and gets the first
    one's (TensorFlow 2.21).
    """
    if tf.config.list_physical_devices("GPU"):
        # Of which a machine has one: there `mirrored` would be one replica.
        cpus = [device.name for device in tf.config.list_logical_devices("CPU")]
        return tf.distribute.MirroredStrategy(cpus, tf.distribute.ReductionToOneDevice())
    strategy = make_strategy("mirrored")
    assert isinstance(strategy, tf.distribute.MirroredStrategy)
    return strategy


def write_pictures(folder: Path, count: int, *, size: int, seed: int) -> None:
    """Writes PNGs of coloured blobs, so that neighbouring pixels are alike as in photographs."""
    folder.mkdir(parents=True)
    draw = np.random.default_rng(seed)
    for index in range(count):
        coarse = draw.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        picture = Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)
        picture.save(folder / f"{index:03d}.png")


@pytest.fixture(scope="session")
def unpaired_folder(tmp_path_factory) -> Path:
    """`trainA trainB testA testB` with 6 + 5 and 4 + 4 pictures of 40 pixels."""
    root = tmp_path_factory.mktemp("unpaired")
    for seed, (name, count) in enumerate(
        {"trainA": 6, "trainB": 5, "testA": 4, "testB": 4}.items()
    ):
        write_pictures(root / name, count, size=40, seed=seed)
    return root


@pytest.fixture(scope="session")
def labelled_folder(tmp_path_factory) -> Path:
    """`train/x y` with 3 pictures of 40 pixels each, and `test` likewise."""
    root = tmp_path_factory.mktemp("labelled")
    places = [root / split / name for split in ("train", "test") for name in "xy"]
    for seed, place in enumerate(places):
        write_pictures(place, 3, size=40, seed=seed)
    return root


@pytest.fixture(scope="session")
def images_folder(tmp_path_factory) -> Path:
    """`train test` with 6 and 4 pictures of 40 pixels, of one domain."""
    root = tmp_path_factory.mktemp("images")
    for seed, (split, count) in enumerate({"train": 6, "test": 4}.items()):
        write_pictures(root / split, count, size=40, seed=seed)
    return root


@pytest.fixture(scope="session")
def captioned_folder(tmp_path_factory) -> Path:
    """`train test` with 6 and 4 pictures of 40 pixels, captions, and embeddings of 8 components."""
    root = tmp_path_factory.mktemp("captioned")
    captions = []
    for seed, (split, count) in enumerate({"train": 6, "test": 4}.items()):
        write_pictures(root / split, count, size=40, seed=seed)
        for index in range(count):
            captions.append(f"{split} picture {index}")
            (root / split / f"{index:03d}.txt").write_text(captions[-1])
    vectors = np.random.default_rng(0).normal(size=(len(captions), 8)).astype(np.float32)
    write_embeddings(root / "embeddings.npz", Embedded("hand-made", tuple(captions), vectors))
    return root


@pytest.fixture(scope="session")
def paired_folder(tmp_path_factory) -> Path:
    """Aligned `A/train B/train A/test B/test`; b is the negative of a."""
    root = tmp_path_factory.mktemp("paired")
    for seed, (split, count) in enumerate({"train": 6, "test": 4}.items()):
        write_pictures(root / "A" / split, count, size=40, seed=seed)
        (root / "B" / split).mkdir(parents=True)
        for path in (root / "A" / split).iterdir():
            negative = 255 - np.asarray(Image.open(path))
            Image.fromarray(negative).save(root / "B" / split / path.name)
    return root
