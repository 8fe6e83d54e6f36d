"""The two adversarial games that distances are added to: CycleGAN's and DiscoGAN's.

DistanceGAN is compared with both papers, each with its own discriminators and objectives.
"""

from collections.abc import Sequence
from typing import ClassVar, Literal

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.errors import RecipeError
from tfi2i.image_sizes import Size
from tfi2i.zoo.unpaired.discogan.model import judge

Generator = Literal["resnet", "encoder_decoder"]
# What only DiscoGAN's game has; see tfi2i.zoo.unpaired.discogan.
_FEATURE_WEIGHT = 0.9
_WEIGHT_DECAY = 1e-5


class CycleGANGame:
    """Least squares on patches, against a history of images.

    Attributes:
        generator_updates: Updates of the generators in an iteration.
        coin: The loss of a discriminator that cannot tell real from fake.
        default_generator: The paper's generator.
    """

    generator_updates = 1
    coin = 0.25
    default_generator: ClassVar[Generator] = "resnet"

    def __init__(self, *, pool_size: int, receptive_field: int, filters: int):
        """Takes the size of the history and the discriminators' options."""
        self.pool_size = pool_size
        self._receptive_field = receptive_field
        self._filters = filters

    def make_discriminator(self, channels: int, name: str) -> keras.Model:
        """A discriminator of one domain."""
        return networks.patchgan(
            channels=(channels,),
            receptive_field=self._receptive_field,
            filters=self._filters,
            norm="instance",
            name=name,
        )

    def judge(
        self, discriminator: keras.Model, real: tf.Tensor, fake: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The adversarial loss of a generator, and its feature matching: none here."""
        return losses.least_squares_generator(discriminator(fake, training=True)), tf.zeros(())

    def discriminator_loss(
        self, discriminator: keras.Model, real: tf.Tensor, fake: tf.Tensor
    ) -> tf.Tensor:
        """The loss of a discriminator."""
        return losses.least_squares_discriminator(
            discriminator(real, training=True), discriminator(fake, training=True)
        )

    def cycle(self, real: tf.Tensor, back: tf.Tensor) -> tf.Tensor:
        """How far an image is from what came back."""
        return losses.cycle(real, back)

    def generator_loss(
        self, adversarial: tf.Tensor, feature: tf.Tensor, kept: tf.Tensor, iteration: tf.Tensor
    ) -> tf.Tensor:
        """The objective, with the distances and cycles in `kept`."""
        return adversarial + kept

    def decay(self, variables: Sequence) -> tf.Tensor:
        """The decay of weights, for one step: none here."""
        return tf.zeros(())


class DiscoGANGame:
    """Cross-entropy and feature matching; a rate weighs them against what is to be kept.

    Its attributes are those of `CycleGANGame`.
    """

    generator_updates = 2
    coin = 0.693
    default_generator: ClassVar[Generator] = "encoder_decoder"
    pool_size = 0

    def __init__(
        self,
        *,
        crop_size: Size,
        depth: int,
        filters: int,
        first_rate: float,
        later_rate: float,
        switch_update: int,
    ):
        """Takes the discriminators' options and the rates; see `DistanceGAN`."""
        self._networks = {"image_size": crop_size, "depth": depth, "filters": filters}
        self._rates = first_rate, later_rate
        self._switch_update = switch_update

    def make_discriminator(self, channels: int, name: str) -> keras.Model:
        """A discriminator of one domain, which gives its features too."""
        return networks.feature_discriminator(input_channels=channels, name=name, **self._networks)

    def judge(
        self, discriminator: keras.Model, real: tf.Tensor, fake: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The adversarial loss of a generator, and its feature matching."""
        return judge(discriminator, real, fake)

    def discriminator_loss(
        self, discriminator: keras.Model, real: tf.Tensor, fake: tf.Tensor
    ) -> tf.Tensor:
        """The loss of a discriminator."""
        return losses.minimax_discriminator(
            discriminator(real, training=True)[0], discriminator(fake, training=True)[0]
        )

    def cycle(self, real: tf.Tensor, back: tf.Tensor) -> tf.Tensor:
        """How far an image is from what came back."""
        # The mean squared error of images in [0, 1], as DiscoGAN's, is a quarter of this one's.
        return 0.25 * losses.l2(real, back)

    def rate(self, iteration: tf.Tensor) -> tf.Tensor:
        """DiscoGAN's rate r of an iteration, which is also one update of the discriminators."""
        updates = iteration * (1 + self.generator_updates)
        return tf.where(updates < self._switch_update, *self._rates)

    def generator_loss(
        self, adversarial: tf.Tensor, feature: tf.Tensor, kept: tf.Tensor, iteration: tf.Tensor
    ) -> tf.Tensor:
        """The objective, with the distances and reconstructions in `kept`."""
        rate = self.rate(iteration)
        judged = (1.0 - _FEATURE_WEIGHT) * adversarial + _FEATURE_WEIGHT * feature
        return (1.0 - rate) * judged + rate * kept

    def decay(self, variables: Sequence) -> tf.Tensor:
        """The decay of weights, for one step."""
        return _WEIGHT_DECAY * losses.squared_weights(variables)


def make_game(
    name: Literal["cyclegan", "discogan"],
    *,
    crop_size: Size,
    depth: int,
    filters: int,
    pool_size: int,
    receptive_field: int,
    first_rate: float,
    later_rate: float,
    switch_update: int,
) -> CycleGANGame | DiscoGANGame:
    """The game with a given name and the options that it has; see `DistanceGAN`.

    Raises:
        RecipeError: If there is no such game.
    """
    if name == "cyclegan":
        return CycleGANGame(pool_size=pool_size, receptive_field=receptive_field, filters=filters)
    if name == "discogan":
        return DiscoGANGame(
            crop_size=crop_size,
            depth=depth,
            filters=filters,
            first_rate=first_rate,
            later_rate=later_rate,
            switch_update=switch_update,
        )
    raise RecipeError(f"model.game is 'cyclegan' or 'discogan', got {name!r}")
