"""A discriminator that sees its images augmented in training."""

from collections.abc import Sequence

import keras

from tfi2i.errors import RecipeError
from tfi2i.layers import DifferentiableAugmentation
from tfi2i.layers.augmentation import POLICIES


def augmented(network: keras.Model, policy: Sequence[str]) -> keras.Model:
    """Puts differentiable augmentation before a discriminator (Zhao et al. 2020).

    Real and generated images are augmented alike, in the updates of both players. A small set of
    images then lasts longer before the discriminator knows it by heart.

    Args:
        network: A functional model of images (B, H, W, C), or of a list of them and of labels.
        policy: Some of `colour`, `translation`, `cutout`; none leaves the network as it is.

    Returns:
        A model of the same name, with the same weights under the same names.

    Raises:
        RecipeError: There is no such policy.
    """
    if not policy:
        return network
    unknown = [name for name in policy if name not in POLICIES]
    if unknown:
        raise RecipeError(f"model.diff_augment has {unknown[0]!r}; there are {', '.join(POLICIES)}")
    inputs = [keras.Input(one.shape[1:], name=one.name) for one in network.inputs]
    images = [one for one in inputs if len(one.shape) == 4]
    changed = DifferentiableAugmentation(policy, name="augmentation")(
        images if len(images) > 1 else images[0]
    )
    # Labels beside the images stay as they are.
    seen = [*(changed if len(images) > 1 else [changed]), *inputs[len(images) :]]
    given = inputs if len(inputs) > 1 else inputs[0]
    return keras.Model(given, network(seen if len(seen) > 1 else seen[0]), name=network.name)
