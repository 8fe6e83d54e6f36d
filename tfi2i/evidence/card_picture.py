"""The picture in a variant's card: what each arm's model makes from the same test images."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from tfi2i.data import (
    DataSource,
    as_rgb,
    evaluation_arrays,
    evaluation_domains,
    open_source,
    resize_image,
    write_image,
)
from tfi2i.training import GAN
from tfi2i.training.run.folder import RunFolder
from tfi2i.zoo.catalogue import load
from tfi2i.zoo.multidomain._base import MultiDomainGAN
from tfi2i.zoo.paired._base import LatentTranslationGAN
from tfi2i.zoo.translation import TranslationGAN

_ROWS = 5
# Translations of one image that are shown of a model that has many.
_SAMPLES = 3
# Small images are enlarged by whole numbers, until the picture is about as wide as a page's text.
_WIDTH = 800

Column = tuple[str, np.ndarray]


def write_card_picture(path: Path, arms: Mapping[str, RunFolder]) -> str:
    """Writes a row for each of a few test images, with a column for each thing that is shown.

    Args:
        path: Path of the picture, a JPEG or PNG.
        arms: Name of an arm to a run of it; all runs are on the same images.

    Returns:
        What the columns are, from left to right.
    """
    runs = iter(arms.items())
    name, run = next(runs)
    model = load(run.path)
    if not isinstance(model, TranslationGAN):
        columns = _optimised(model, arms)
    else:
        source = source_of_run(run, model)
        if isinstance(model, MultiDomainGAN):
            columns = _of_domains(model, source)
        else:
            columns = _of_arms({name: model}, arms, source)
    shown = list(columns)
    rows = np.concatenate([as_rgb(images) for _, images in shown], axis=2)
    picture = np.concatenate(list(rows), axis=0)
    factor = max(1, _WIDTH // picture.shape[1])
    write_image(path, picture.repeat(factor, axis=0).repeat(factor, axis=1))
    return ", ".join(label for label, _ in shown if label)


def source_of_run(run: RunFolder, model: GAN) -> DataSource:
    """The images of a run, as `model` is measured on them: whole, at the size of its crops."""
    data = run.recipe().data
    return open_source(
        data["source"],
        kind=model.batch_kind,
        load_size=data["crop_size"],
        channels=data["channels"],
        derive=data.get("derive"),
        limit=data.get("limit"),
        aligned=data.get("aligned", False),
    )


def _of_arms(
    loaded: Mapping[str, TranslationGAN], arms: Mapping[str, RunFolder], source: DataSource
) -> Iterator[Column]:
    """The input, each arm's translations, and the truth where there is one."""
    size = next(iter(loaded.values())).crop_size
    a, b, _ = evaluation_arrays(source, size=size, limit=_ROWS)
    yield "input", a
    for arm, run in arms.items():
        model = loaded.get(arm) or load(run.path)
        assert isinstance(model, TranslationGAN)
        if isinstance(model, LatentTranslationGAN):
            samples = model.diverse(a, _SAMPLES)
            yield f"{arm} (at {_SAMPLES} latents)", samples[:, 0]
            yield from (("", samples[:, number]) for number in range(1, _SAMPLES))
        else:
            yield arm, model.translate_batch(a)
    if b is not None and (source.kind == "paired" or source.aligned_test):
        yield "truth", b


def _of_domains(model: MultiDomainGAN, source: DataSource) -> Iterator[Column]:
    """Images of all domains in turn, translated to each, and the truth where there is one."""
    domains = evaluation_domains(source, size=model.crop_size, limit=_ROWS)
    names, rows = list(domains), range(min(map(len, domains.values())))
    inputs = np.stack([domains[names[row % len(names)]][row] for row in rows])
    yield "input", inputs
    for name in names:
        yield f"to {name}", model.translate_batch(inputs, direction=f"to_{name}")
    if source.aligned_test:
        yield from ((f"true {name}", domains[name][: len(rows)]) for name in names)


def _optimised(model: GAN, arms: Mapping[str, RunFolder]) -> Iterator[Column]:
    """The one content image, the style, and the picture of each arm."""
    run = next(iter(arms.values()))
    size = run.recipe().data["crop_size"]
    content = source_of_run(run, model).splits["train"].a.load(0)
    yield "content", resize_image(content, size, size)[None]
    style = model.style_image()
    assert style is not None
    yield "style", style[None]
    for arm, run in arms.items():
        picture = load(run.path).picture()
        assert picture is not None
        yield arm, picture[None]
