"""Walks in a generator's card: from latent to latent, or through its classes or captions.

`tfi2i reproduce` draws them with the first arm's model. For a generator that ships,

    python -m tfi2i.evidence.card_walks dcgan vae

draws them anew from its preset, without training; no name means all of them.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from tfi2i.evidence.cards import update_card
from tfi2i.evidence.plans import load_plan
from tfi2i.inference.samples import write_grid, write_walk
from tfi2i.training import GAN
from tfi2i.whole_files import write_json
from tfi2i.zoo.catalogue import MAIN_PLAN, Variant, find_variant, load, variants
from tfi2i.zoo.generation._base import GenerationGAN, generator_of

# Rows of a picture, and latents in each row of one with conditions.
_WAYS, _MOST_CONDITIONS, _LATENTS = 4, 10, 8
# Captions are words beside the picture: a few.
_CAPTIONS = 4
_QUALITY = 60


def write_card_walks(folder: Path, plan: str, model: GAN) -> list[dict[str, str]]:
    """Writes what a card shows of a generator beside its samples.

    Args:
        folder: Of the variant.
        plan: Name of the plan whose first arm the model is.
        model: With its weights.

    Returns:
        For each picture its `file` and what it `shows`; nothing of models that draw from no latent.
    """
    if not any("latents" in view.takes for view in model.views.values()):
        return []
    generator = generator_of(model)
    # Few greys are smaller and sharper as PNG, photographs as JPEG.
    suffix = "png" if generator.channels == 1 else "jpg"
    ending = f".{suffix}" if plan == MAIN_PLAN else f"_{plan}.{suffix}"
    if generator.condition_kind is None:
        shows = "In each row the way from one latent to the next; the last leads back to the first."
        write_walk(generator, folder / f"walk{ending}", count=_WAYS, overwrite=True)
        _lighter(folder, f"walk{ending}")
        return [{"file": f"walk{ending}", "shows": shows}]
    names = _names(generator)
    if not names:
        return []
    condition = generator.conditions(len(names))
    write_grid(
        generator, folder / f"sheet{ending}", count=_LATENTS, condition=condition, overwrite=True
    )
    write_walk(generator, folder / f"walk{ending}", count=2, condition=condition, overwrite=True)
    _lighter(folder, f"sheet{ending}", f"walk{ending}")
    return [
        {
            "file": f"sheet{ending}",
            "shows": f"A row for each of {', '.join(names)}; every column has one latent.",
        },
        {
            "file": f"walk{ending}",
            "shows": "At one latent, in each row the way from one of these to the next.",
        },
    ]


def _lighter(folder: Path, *names: str) -> None:
    """Brings photographs in a card to what a page needs: `write_image` keeps them as they are."""
    for path in (folder / name for name in names if name.endswith(".jpg")):
        picture = Image.open(path)
        picture.load()
        picture.save(path, quality=_QUALITY, optimize=True)


def _names(generator: GenerationGAN) -> list[str]:
    """What the rows are asked to show."""
    if generator.condition_kind == "captions":
        return [f'"{caption}"' for caption in generator.condition_names[:_CAPTIONS]]
    return list(generator.condition_names[:_MOST_CONDITIONS])


def update_walks(variant: Variant) -> list[Path]:
    """Draws the walks in a variant's card anew, from the preset that its plan made.

    Returns:
        The pictures; none where the plan ships nothing, or nothing is measured.
    """
    plan = load_plan(variant)
    results = variant.results()
    if results is None or plan.preset not in variant.presets:
        return []
    model = load(variant.folder / "weights" / plan.preset)
    walks = write_card_walks(variant.folder, plan.name, model)
    if walks:
        write_json(variant.results_path(), {**results, "walks": walks})
        update_card(variant)
    return [variant.folder / walk["file"] for walk in walks]


def main(names: Sequence[str]) -> None:
    """Draws them for some variants, or for all that ship a generator of latents."""
    for variant in map(find_variant, names) if names else variants():
        for path in update_walks(variant):
            print(f"{path}: {path.stat().st_size / 1024:.0f} KiB", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
