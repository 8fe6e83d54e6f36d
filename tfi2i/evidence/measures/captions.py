"""Whether images show what their captions say: retrieval of the caption from the image."""

from typing import TYPE_CHECKING

import numpy as np

from tfi2i.data import evaluation_arrays, spread_evenly
from tfi2i.data.decode.resizing import resize_image
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size, height_and_width
from tfi2i.metrics.distribution import kid
from tfi2i.metrics.features import choose_extractor, extract_features
from tfi2i.metrics.retrieval import CaptionJudge, retrieval_of
from tfi2i.progress import progress_bar
from tfi2i.zoo.generation._captioned import CaptionGAN

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.training import GAN

CANDIDATES = 10
# Training images that the judge learns from, at most, and captions that are drawn.
_MOST_TAUGHT, _MOST_DRAWN = 10_000, 1_000


def caption_retrieval(model: "GAN", source: "DataSource", size: Size) -> dict[str, float]:
    """How often an image's own caption fits it best among ten, its own and nine others.

    A ridge regression from features of real training images to the embeddings of their captions
    says which fits best; chance is a tenth.

    Args:
        model: Draws captions.
        source: A captioned source with test images.
        size: Of the images that the model draws, a square's side or (height, width).

    Returns:
        `retrieval` of the test images' captions, `known_retrieval` of as many training captions,
        and `real_retrieval` of the test images themselves, which limits what a judge can tell. Of a
        model of two stages also `sketch_retrieval` and `sketch_kid` of Stage I's images, enlarged.

    Raises:
        DataError: The model draws no captions, or the source has no captioned test images.
    """
    test = source.splits.get("test")
    if not isinstance(model, CaptionGAN):
        raise DataError(f"{model.name} draws no captions, so that none can be retrieved")
    if test is None or test.embeddings is None:
        raise DataError(f"{source.name} has no captioned test images")
    real, _, _ = evaluation_arrays(source, size=size, limit=_MOST_DRAWN)
    taught, _, _ = evaluation_arrays(source, split="train", size=size, limit=_MOST_TAUGHT)
    known = source.splits["train"].embeddings
    assert known is not None
    captions = test.embeddings[spread_evenly(len(test.embeddings), _MOST_DRAWN)]
    seen = known[spread_evenly(len(known), len(captions))]
    latents = model.latents(len(captions))
    sketches = model.sketches(latents, captions)
    pictures = {
        "taught": taught,
        "real_": real,
        "": model.decode(latents, captions),
        "known_": model.decode(latents[: len(seen)], seen),
        **({} if sketches is None else {"sketch_": _enlarged(sketches, size)}),
    }
    extractor = choose_extractor(real, real, None, required=True)
    if isinstance(extractor, str):
        raise DataError(f"captions cannot be retrieved: {extractor}")
    to_uint8 = source.value_ranges[0].to_uint8
    with progress_bar("Extracting features", sum(map(len, pictures.values()))) as advance:
        features = {
            name: extract_features(extractor, to_uint8(images), advance)
            for name, images in pictures.items()
        }
    judge = CaptionJudge(features.pop("taught"), known[spread_evenly(len(known), _MOST_TAUGHT)])
    figures = {
        f"{name}retrieval": retrieval_of(
            judge.ranks(found, seen if name == "known_" else captions), candidates=CANDIDATES
        )
        for name, found in features.items()
    }
    if sketches is not None:
        figures["sketch_kid"] = kid(features["real_"], features["sketch_"]).mean
    return figures


def _enlarged(images: np.ndarray, size: Size) -> np.ndarray:
    return np.stack([resize_image(image, *height_and_width(size)) for image in images])
