"""The trainings that several checks of one variant share; pytest makes each where it is needed.

All checks of a variant run in one process, one after the other (tests/grouping.py).
"""

from pathlib import Path

import keras
import pytest

from tfi2i.training import GAN
from tfi2i.zoo.catalogue import find_variant
from tiny_models import tiny_model
from tiny_trainings import (
    ThreeIterations,
    WholeRun,
    graphs_as_traced,
    train_three_iterations,
    train_whole_run,
)


@pytest.fixture(scope="session")
def name(request) -> str:
    """The variant; tests name those that they are for in `parametrize`."""
    return request.param


@pytest.fixture(scope="session")
def folder(
    name, unpaired_folder, paired_folder, labelled_folder, captioned_folder, images_folder
) -> Path:
    """Images of the variant's kind."""
    folders = {
        "unpaired": unpaired_folder,
        "paired": paired_folder,
        "labelled": labelled_folder,
        "captioned": captioned_folder,
        "images": images_folder,
    }
    return folders[find_variant(name).load_class().batch_kind]


@pytest.fixture(scope="session")
def untrained(name) -> GAN:
    """A model that nobody trains."""
    return tiny_model(name, seed=7)


@pytest.fixture(scope="session")
def whole_run(name, folder, tmp_path_factory) -> WholeRun:
    """A run from its recipe to its end."""
    keras.utils.set_random_seed(0)
    return train_whole_run(name, folder, tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="session")
def three_iterations(name, folder) -> ThreeIterations:
    """A model that `fit` trained for a moment."""
    keras.utils.set_random_seed(0)
    with graphs_as_traced():
        return train_three_iterations(name, folder)


@pytest.fixture
def as_traced():
    """For tests of what an iteration computes, whose graph need not be optimised for that."""
    with graphs_as_traced():
        yield
