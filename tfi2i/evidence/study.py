"""The perceptual study "real or fake?": its pairs of images.

Isola et al. 2017 (section 4.1): a participant sees a real and a generated image for a second and
says which was real; ten trials with feedback, then forty without. A model fools people as often as
its image was taken for the real one; an image that cannot be told from real ones is in half of
the trials.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tfi2i.data import DataSource, as_rgb
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size
from tfi2i.training import GAN


@dataclass(frozen=True)
class Pairs:
    """What one algorithm made and real images, in pairs.

    Attributes:
        generated: uint8 (N, H, W, 3).
        real: The same shape; of the same inputs, or of any others.
    """

    generated: np.ndarray
    real: np.ndarray


def pairs_of(
    model: GAN,
    source: DataSource,
    *,
    size: Size,
    count: int,
    seed: int = 0,
    same_input: bool = False,
) -> Pairs:
    """Pairs of test images and what a model makes in the first of its directions.

    Args:
        model: A trained model.
        source: Its images.
        size: Size of the images.
        count: Pairs at most; there are no more than test images.
        seed: Of the order of the real images.
        same_input: Pair a translation with the truth of its input. Without, with that of another
            one, as Isola et al. did for maps and photographs, so that nobody sees which details
            are missing.

    Raises:
        DataError: The model has no real images to stand beside what it makes, or `same_input` is
            asked for where images have no truth.
    """
    split = "test" if "test" in source.splits else "train"
    panel = model.sheet(source, split=split, size=size, limit=count)[0]
    made = [column for column in panel.made if column.real is not None]
    if not made:
        raise DataError(f"{model.name} has no real images of what it makes, in {source.name}")
    if same_input and not panel.aligned:
        raise DataError(f"images of {source.name} have no truths: leave out --same-input")
    generated, real = [], []
    for column in made:
        assert column.real is not None
        rows = min(len(column.images), len(column.real))
        generated.append(as_rgb(column.images[:rows], column.value_range))
        real.append(as_rgb(column.real[:rows], column.value_range))
    # Several columns, as of several latents, take turns.
    turns = np.argsort(np.concatenate([np.arange(len(one)) for one in real]), kind="stable")[:count]
    fakes, reals = np.concatenate(generated)[turns], np.concatenate(real)[turns]
    if not same_input:
        reals = reals[_others(len(reals), np.random.default_rng(seed))]
    return Pairs(fakes, reals)


def _others(count: int, random: np.random.Generator) -> np.ndarray:
    """A random order in which nothing keeps its place."""
    order = random.permutation(count)
    places = np.empty(count, int)
    places[order] = np.roll(order, 1)
    return places


def study_identity(pairs: Mapping[str, Pairs]) -> str:
    """A name for these images, so that answers to other ones are not counted with them."""
    digest = hashlib.sha256()
    for name, one in pairs.items():
        for part in (name.encode(), one.generated.tobytes(), one.real.tobytes()):
            digest.update(part)
    return digest.hexdigest()[:16]
