"""How well a latent holds what an output is: Zhu et al. 2017, section 5.3."""

from typing import TYPE_CHECKING

from tfi2i.errors import DataError
from tfi2i.metrics.pixel import l1
from tfi2i.zoo.paired._base import TakesLatents

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.training import GAN


def encoding_error(model: "GAN", source: "DataSource") -> dict[str, float]:
    """The paper's |b - G(a, E(b))|_1 on test pairs, with the encoder's mean.

    Args:
        model: A model that gives many translations of one image, with an encoder.
        source: A source with aligned test images; they are taken at the model's training size.

    Returns:
        `encoded_l1`, in the [-1, 1] scale of `l1`.

    Raises:
        DataError: The model has no latent or no encoder, or the test images are not aligned.
    """
    from tfi2i.data import evaluation_arrays

    if not isinstance(model, TakesLatents):
        raise DataError(f"{model.name} has no latent that an image could be encoded in")
    a, b, _ = evaluation_arrays(source, size=model.crop_size)
    if b is None or not (source.kind == "paired" or source.aligned_test):
        raise DataError(f"{source.name} has no pairs: an encoded image needs its input beside it")
    made = model.sample(a, model.encode(b))
    return {"encoded_l1": l1(b, made, source.value_ranges[1])}
