"""DistanceGAN: One-Sided Unsupervised Domain Mapping (Benaim and Wolf 2017)."""

from typing import TYPE_CHECKING, Literal

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.data import evaluation_arrays
from tfi2i.errors import RecipeError
from tfi2i.image_sizes import Size, height_and_width, shorter_side
from tfi2i.metrics.distances import half_distances, pair_distances
from tfi2i.training import ImagePool, Player, gather_replicas, paper_adam
from tfi2i.zoo.translation import TranslationGAN
from tfi2i.zoo.unpaired.distancegan.games import make_game
from tfi2i.zoo.unpaired.distancegan.statistics import DistanceStatistics

if TYPE_CHECKING:
    from tfi2i.data import DataSource


class DistanceGAN(TranslationGAN):
    r"""Translates `a` to `b` so that images far from each other stay far, and near ones near.

    d(x, y) = (mean |x - y| - mean_D) / deviation_D, with the mean and the deviation of such
    distances in the domain D of x and y, over at most 900 training images. For each direction that
    is learned, here from a to b:

        pairs   E[|d(a_i, a_j) - d(G(a_i), G(a_j))|], all i < j of a batch          (equation 4)
        self    E[|d(upper(a), lower(a)) - d(upper(G(a)), lower(G(a)))|]            (equation 6)
        cycle   E[|G_ba(G_ab(a)) - a|], for two directions

    Distances need no way back: `one_sided` learns G_ab and D_b alone. The game around them is that
    of the paper that DistanceGAN is compared with, and so are the networks, `cyclegan` or
    `discogan`:

        cyclegan   least squares with a history of images;
                   G: adversarial + distance_weight * distance + cycle_weight * cycle
        discogan   cross-entropy, feature matching, rate r as in DiscoGAN;
                   G: (1 - r) (0.1 adversarial + 0.9 feature)
                      + r (distance_weight * distance + cycle_weight * reconstruction)

    Batches: `unpaired`, (a, b) float32 (B, H, W, C) in [-1, 1], at least two images in a batch.

    Example:
        import numpy as np
        from tfi2i.zoo.unpaired.distancegan import DistanceGAN

        a, b = np.random.randint(0, 256, (2, 4, 32, 32, 3), np.uint8)  # your images
        model = DistanceGAN(crop_size=32, blocks=1, filters=8, discriminator_filters=8)
        model.compile()
        model.fit(a, b, batch_size=2)
        picture = model.translate(a[0])
    """

    batch_kind = "unpaired"
    smallest_batch = 2

    def train_step(self, batch: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """The generators' step, or two of DiscoGAN's, then one of the discriminators."""
        real = dict(zip("ab", batch, strict=True))
        ways = [(direction[0], direction[-1]) for direction in self.directions]
        generator, discriminator = self.players["generator"], self.players["discriminator"]
        for _ in range(self.game.generator_updates):
            with tf.GradientTape() as tape:
                fake = {
                    target: self.generators[target](real[source], training=True)
                    for source, target in ways
                }
                judged = [
                    self.game.judge(self.discriminators[domain], real[domain], fake[domain])
                    for domain in fake
                ]
                adversarial_loss = tf.add_n([adversarial for adversarial, _ in judged])
                feature_loss = tf.add_n([feature for _, feature in judged])
                # Even with a weight of zero the distances are worth logging.
                distance_losses = [
                    self._distance(real[source], fake[target], source, target)
                    for source, target in ways
                ]
                distance_loss = tf.add_n(distance_losses)
                cycle_loss = tf.zeros(())
                if self.cycle_weight:
                    cycle_losses = [
                        self.game.cycle(
                            real[source], self.generators[source](fake[target], training=True)
                        )
                        for source, target in ways
                    ]
                    cycle_loss = tf.add_n(cycle_losses)
                kept_loss = self.distance_weight * distance_loss + self.cycle_weight * cycle_loss
                generator_loss = self.game.generator_loss(
                    adversarial_loss, feature_loss, kept_loss, self.iteration.value
                )
                loss = generator_loss + self.game.decay(generator.variables)
            generator.minimize(loss, tape)

        shown = {
            domain: self.pools[domain].exchange(images, self.noise_seed(site, per_replica=False))
            for site, (domain, images) in enumerate(fake.items())
        }
        with tf.GradientTape() as tape:
            # Both papers halve this objective.
            discriminator_losses = {
                f"discriminator_{domain}_loss": 0.5
                * self.game.discriminator_loss(network, real[domain], shown[domain])
                for domain, network in self.discriminators.items()
            }
            loss = tf.add_n(list(discriminator_losses.values()))
            loss += self.game.decay(discriminator.variables)
        discriminator.minimize(loss, tape)
        return self.report(
            generator_loss=generator_loss,
            adversarial_loss=adversarial_loss,
            feature_loss=feature_loss,
            distance_loss=distance_loss,
            cycle_loss=cycle_loss,
            **discriminator_losses,
        )

    def _distance(
        self, real: tf.Tensor, translated: tf.Tensor, source: str, target: str
    ) -> tf.Tensor:
        scales = {
            "source_scale": self.statistics[source].scale,
            "target_scale": self.statistics[target].scale,
        }
        if self.distance == "self":
            return losses.self_distance(real, translated, **scales)
        # Pairs are drawn from the global batch.
        return losses.pair_distance(gather_replicas(real), gather_replicas(translated), **scales)

    def make_players(
        self,
        *,
        generator_learning_rate: float = 2e-4,
        discriminator_learning_rate: float = 2e-4,
        beta_1: float = 0.5,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the players `generator` and `discriminator`, each with the networks of all ways.

        Args:
            generator_learning_rate: Learning rate of the paper's Adam.
            discriminator_learning_rate: Learning rate of the paper's Adam.
            beta_1: First-moment decay of the paper's Adam.
            ema_decay: Running average of the generators' weights per update, None for none.
        """
        return {
            "generator": Player(
                list(self.generators.values()),
                paper_adam(generator_learning_rate, beta_1),
                ema_decay=ema_decay,
            ),
            "discriminator": Player(
                list(self.discriminators.values()), paper_adam(discriminator_learning_rate, beta_1)
            ),
        }

    def __init__(
        self,
        *,
        crop_size: Size = 256,
        a_channels: int = 3,
        b_channels: int = 3,
        game: Literal["cyclegan", "discogan"] = "cyclegan",
        generator: Literal["resnet", "encoder_decoder"] | None = None,
        one_sided: bool = True,
        distance: Literal["pairs", "self"] = "pairs",
        distance_weight: float = 1.0,
        cycle_weight: float = 0.0,
        blocks: int | None = None,
        depth: int = 4,
        filters: int = 64,
        receptive_field: int = 70,
        discriminator_filters: int = 64,
        pool_size: int = 50,
        first_rate: float = 0.01,
        later_rate: float = 0.5,
        switch_update: int = 10_000,
        statistics_images: int = 900,
        diff_augment: tuple[str, ...] = (),
        seed: int = 0,
        name: str = "distancegan",
        **kwargs,
    ):
        """Builds the players' networks; the defaults are the paper's one-sided mapping.

        Args:
            crop_size: Side of the training images in pixels, or (height, width).
            a_channels: Channels of `a`.
            b_channels: Channels of `b`.
            game: Adversarial objective and discriminators: `cyclegan` or `discogan`.
            generator: CycleGAN's `resnet` or DiscoGAN's `encoder_decoder`; None takes that of the
                game. The authors' digits have small convolutional networks in CycleGAN's game.
            one_sided: Learn from `a` to `b` alone; False learns the way back as well.
            distance: `pairs` of a batch, or `self`: the halves of an image.
            distance_weight: The paper's alpha_3 (pairs) or alpha_4 (self), in each direction.
            cycle_weight: The paper's alpha_2, 10 in CycleGAN; above 0 it needs both directions.
            blocks: Residual blocks of `resnet`; None takes 9 from 256 pixels on and 6 below.
            depth: Halvings in DiscoGAN's networks: 3 to 5 in the paper.
            filters: Channels of a generator's first layer.
            receptive_field: Receptive field of the PatchGANs of `cyclegan` in pixels: 1, 16, 34,
                70, 142 or 286.
            discriminator_filters: Channels of a discriminator's first layer.
            pool_size: Generated images kept for the discriminators of `cyclegan`; 0 for none.
            first_rate: For `discogan`: the rate r in the beginning.
            later_rate: For `discogan`: the rate r from `switch_update` on.
            switch_update: For `discogan`: the update, of generators or discriminators, at which r
                changes.
            statistics_images: How many images of a domain its distances are measured on, at most.
            diff_augment: For few images, what a discriminator sees is augmented: some of
                `colour`, `translation`, `cutout` (`networks.augmented`).
            seed: See `GAN`.
            name: Name of the model.
            **kwargs: `dtype`, as for any Keras model.

        Raises:
            RecipeError: If an option is unknown, or a cycle is asked for without a way back.
        """
        super().__init__(crop_size=crop_size, seed=seed, name=name, **kwargs)
        self.game = make_game(
            game,
            crop_size=crop_size,
            depth=depth,
            filters=discriminator_filters,
            pool_size=pool_size,
            receptive_field=receptive_field,
            first_rate=first_rate,
            later_rate=later_rate,
            switch_update=switch_update,
        )
        generator = self.settled("generator", generator or self.game.default_generator)
        if generator not in ("resnet", "encoder_decoder"):
            raise RecipeError(
                f"model.generator is 'resnet' or 'encoder_decoder', got {generator!r}"
            )
        if distance not in ("pairs", "self"):
            raise RecipeError(f"model.distance is 'pairs' or 'self', got {distance!r}")
        if cycle_weight and one_sided:
            raise RecipeError("a cycle needs the way back: set model.one_sided=false")
        self.distance = distance
        self.distance_weight = distance_weight
        self.cycle_weight = cycle_weight
        self.statistics_images = statistics_images

        blocks = self.settled("blocks", blocks or (9 if shorter_side(crop_size) >= 256 else 6))

        def make_generator(input_channels: int, output_channels: int, name: str) -> keras.Model:
            shared = {
                "input_channels": input_channels,
                "output_channels": output_channels,
                "filters": filters,
                "name": name,
            }
            if generator == "encoder_decoder":
                return networks.encoder_decoder(depth=depth, **shared)
            return networks.resnet(blocks=blocks, **shared)

        channels = {"a": a_channels, "b": b_channels}
        self.directions = ("a2b",) if one_sided else ("a2b", "b2a")
        # Keys are the domains that the networks make or judge, or whose images they keep.
        self.generators: dict[str, keras.Model] = {}
        self.discriminators: dict[str, keras.Model] = {}
        self.pools: dict[str, ImagePool] = {}
        for direction in self.directions:
            source, target = direction[0], direction[-1]
            self.generators[target] = make_generator(
                channels[source], channels[target], f"generator_{source}{target}"
            )
            self.discriminators[target] = networks.augmented(
                self.game.make_discriminator(channels[target], f"discriminator_{target}"),
                diff_augment,
            )
            shape = (*height_and_width(crop_size), channels[target])
            self.pools[target] = ImagePool(self.game.pool_size, shape, name=f"pool_{target}")
        self.statistics = {domain: DistanceStatistics(f"distances_{domain}") for domain in channels}

    @property
    def discriminator_game(self) -> tuple[str, float]:
        """The loss of a coin: half of the least squares, or of the cross-entropy."""
        return "discriminator_b_loss", self.game.coin

    @property
    def translators(self) -> dict[str, keras.Model]:
        """The generator from `a` to `b`, and the one back if it is learned."""
        return {direction: self.generators[direction[-1]] for direction in self.directions}

    def prepare(self, source: "DataSource") -> None:
        """Measures how far training images are from each other in each domain.

        Args:
            source: The images. At most `statistics_images` of each domain count, spread evenly;
                each is taken whole, at `crop_size`.

        Raises:
            DataError: If the images of a domain are all equally far from each other.
        """
        a, b, _ = evaluation_arrays(
            source, split="train", size=self.crop_size, limit=self.statistics_images
        )
        assert b is not None
        distances = pair_distances if self.distance == "pairs" else half_distances
        for domain, images in (("a", a), ("b", b)):
            levels = self.value_ranges[domain].levels(images)
            self.statistics[domain].measure(distances(levels))
