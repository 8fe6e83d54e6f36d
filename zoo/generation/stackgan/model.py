"""StackGAN: Text to Photo-realistic Image Synthesis with Stacked GANs (Zhang et al. 2017)."""

from collections.abc import Sequence
from functools import cached_property, partial
from typing import ClassVar

import keras
import numpy as np
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.errors import RecipeError
from tfi2i.image_sizes import Size
from tfi2i.training import Halving, Player, Stage, paper_adam
from tfi2i.training.views import View
from tfi2i.zoo.generation._captioned import CaptionGAN, captions_of_others
from tfi2i.zoo.generation.stackgan.drawings import stage_drawings

STAGES = ("stage_one", "stage_two")
# Components of z in the paper.
_NOISE = 100


class StackGAN(CaptionGAN):
    r"""Draws what a caption says, small and rough at first, then large and in detail.

    Both stages draw a condition c from N(mu(t), sigma(t)^2), where t is the caption's embedding
    (conditioning augmentation). Stage I makes a small image s of z and c; Stage II makes the large
    one of s and a c of its own, while Stage I rests. Either has a discriminator that sees an image
    with a caption, and refuses real images with captions t' of others too. With D = sigmoid of the
    score and G(t) the image of either stage:

        D    -E[log D(x, t)] - (E[log(1 - D(x, t'))] + E[log(1 - D(G(t), t))]) / 2
        G    -E[log D(G(t), t)] + kl_weight * KL(N(mu(t), sigma(t)^2) || N(0, I))

    (section 3.3 and 3.4; the halves are those of the authors' code). The latent is z and the draws
    of both conditions, one behind the other.

    Batches: `captioned`, float32 images (B, H, W, C) in [-1, 1] and embeddings (B, L).

    Example:
        import numpy as np
        from tfi2i.zoo.generation.stackgan import StackGAN

        photos = np.random.randint(0, 256, (8, 32, 32, 3), np.uint8)  # your images
        captions = np.random.normal(size=(8, 16)).astype("float32")  # embeddings of their captions
        model = StackGAN(
            crop_size=32, enlargement=2, embedding_length=16, filters=4, discriminator_filters=4,
            stage_one_epochs=1,
        )
        model.compile()
        model.fit(photos, captions, batch_size=4, epochs=2)
        pictures = model.sample(4, captions=captions[:2])
    """

    batch_kind = "captioned"
    # -log D(x, t) - (log(1 - D(x, t')) + log(1 - D(G(t), t))) / 2 at D = 1/2 everywhere.
    discriminator_game: ClassVar = ("discriminator_loss", 1.386)
    # A caption of another image is needed.
    smallest_batch = 2
    pace = ("stage_one_epochs",)

    def train_step(self, batch: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One step of the discriminator of the present stage, then one of its generator."""
        images, captions = batch
        stage = self.stage.name
        drawing, discriminator = self.drawings[stage], getattr(self, f"{stage}_discriminator")
        if stage == "stage_one":
            images = tf.nn.avg_pool2d(images, self.enlargement, self.enlargement, "VALID")
        given = [self.draw_latents(images.shape[0], site=0), captions]
        if stage == "stage_two":
            # Stage I rests, its batch norm too: Stage II sees what it will see after training.
            sketches, _, _ = self.drawings["stage_one"](given, training=False)
            given = [sketches, *given]
        fake, _, _ = drawing(given, training=True)
        with tf.GradientTape() as tape:
            discriminator_loss = losses.matching_discriminator(
                discriminator([images, captions], training=True),
                discriminator([images, captions_of_others(captions)], training=True),
                discriminator([fake, captions], training=True),
            )
        self.players[f"{stage}_discriminator"].minimize(discriminator_loss, tape)

        with tf.GradientTape() as tape:
            # The same latents, as in the authors' code.
            fake, mean, log_variance = drawing(given, training=True)
            adversarial_loss = losses.non_saturating_generator(
                discriminator([fake, captions], training=True)
            )
            # The mean over components, as in the authors' code, for which the weight was chosen.
            kl_loss = losses.kl_to_standard_normal(mean, log_variance) / self.augmented_length
            generator_loss = adversarial_loss + self.kl_weight * kl_loss
        self.players[f"{stage}_generator"].minimize(generator_loss, tape)
        return self.report(
            generator_loss=generator_loss, kl_loss=kl_loss, discriminator_loss=discriminator_loss
        )

    @property
    def stages(self) -> Sequence[Stage]:
        """Stage I, and Stage II while Stage I rests; Stage I alone where nothing is enlarged."""
        return [
            Stage(name, self.stage_one_epochs, (f"{name}_generator", f"{name}_discriminator"))
            for name in self.stage_names
        ]

    def make_players(
        self,
        *,
        stage_one_generator_learning_rate: float = 2e-4,
        stage_one_discriminator_learning_rate: float = 2e-4,
        stage_two_generator_learning_rate: float = 2e-4,
        stage_two_discriminator_learning_rate: float = 2e-4,
        beta_1: float = 0.5,
        stage_one_halving: int = 50,
        stage_two_halving: int = 100,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes a generator and a discriminator for each stage.

        Args:
            stage_one_generator_learning_rate: Learning rate of the paper's Adam.
            stage_one_discriminator_learning_rate: Learning rate of the paper's Adam.
            stage_two_generator_learning_rate: Learning rate of the paper's Adam.
            stage_two_discriminator_learning_rate: Learning rate of the paper's Adam.
            beta_1: First-moment decay of the paper's Adam.
            stage_one_halving: Epochs after which rates of Stage I are halved, again and again.
            stage_two_halving: The same for Stage II, counted from its beginning.
            ema_decay: Running average of the generators' weights per update, None for none.
        """
        rates = {
            "stage_one_generator": stage_one_generator_learning_rate,
            "stage_one_discriminator": stage_one_discriminator_learning_rate,
            "stage_two_generator": stage_two_generator_learning_rate,
            "stage_two_discriminator": stage_two_discriminator_learning_rate,
        }
        halvings = {
            "stage_one": Halving(stage_one_halving),
            "stage_two": Halving(stage_two_halving, first=self.stage_one_epochs),
        }
        players = {}
        for stage in self.stage_names:
            parts = {"generator": ["conditioning", "generator"], "discriminator": ["discriminator"]}
            for role, owned in parts.items():
                players[f"{stage}_{role}"] = Player(
                    [getattr(self, f"{stage}_{part}") for part in owned],
                    paper_adam(rates[f"{stage}_{role}"], beta_1),
                    ema_decay=ema_decay if role == "generator" else None,
                    schedule=halvings[stage],
                )
        return players

    def __init__(
        self,
        *,
        crop_size: Size = 256,
        enlargement: int = 4,
        stage_one_epochs: int = 600,
        latent_length: int | None = None,
        augmented_length: int = 128,
        filters: int = 128,
        discriminator_filters: int = 64,
        compressed_length: int = 128,
        blocks: int = 4,
        kl_weight: float = 2.0,
        diff_augment: tuple[str, ...] = (),
        **kwargs,
    ):
        """Builds the networks of both stages; the defaults are the paper's for 256 px.

        Args:
            crop_size: Side of the training images in pixels, or (height, width).
            enlargement: How many times as large as Stage I's images those of Stage II are: 2, 4 and
                so on; 1 for Stage I alone, at the full size.
            stage_one_epochs: Epochs of Stage I; Stage II has the rest of the training.
            latent_length: Components of z and of the draws of the conditions together; None: z
                has 100 of them.
            augmented_length: Components of a condition, the paper's N_g.
            filters: Channels of the generators before the image.
            discriminator_filters: Channels of the discriminators' first convolutions.
            compressed_length: Components of the compressed embedding, the paper's N_d.
            blocks: Residual blocks of Stage II.
            kl_weight: The paper's lambda, 1; 2 in the authors' code.
            diff_augment: For few images, what discriminators see is augmented: some of `colour`,
                `translation`, `cutout` (`networks.augmented`).
            **kwargs: See `CaptionGAN`.

        Raises:
            RecipeError: The sizes cannot be halved, or no latent is left for z.
        """
        small = networks.sketch_size(crop_size, enlargement)
        self.stage_names = STAGES if enlargement > 1 else STAGES[:1]
        draws = augmented_length * len(self.stage_names)
        length = _NOISE + draws if latent_length is None else latent_length
        self.settled("latent_length", length)
        super().__init__(crop_size=crop_size, latent_length=length, **kwargs)
        self.noise_length = length - draws
        if self.noise_length < 1:
            raise RecipeError(
                f"model.latent_length={length} leaves nothing for z: {draws} components are draws "
                f"of conditions (model.augmented_length). Set it to at least {draws + 1}"
            )
        self.enlargement = enlargement
        self.stage_one_epochs = stage_one_epochs
        self.augmented_length = augmented_length
        self.kl_weight = kl_weight
        discriminator = partial(
            networks.matching_discriminator,
            embedding_length=self.embedding_length,
            channels=self.channels,
            filters=discriminator_filters,
            compressed_length=compressed_length,
        )
        moments = partial(
            networks.conditioning, embedding_length=self.embedding_length, length=augmented_length
        )
        shared = {
            "condition_length": augmented_length,
            "image_size": small,
            "channels": self.channels,
            "filters": filters,
        }
        self.stage_one_conditioning = moments(name="stage_one_conditioning")
        self.stage_one_generator = networks.stage_one_generator(
            noise_length=self.noise_length, **shared
        )
        self.stage_one_discriminator = networks.augmented(
            discriminator(image_size=small, name="stage_one_discriminator"), diff_augment
        )
        if enlargement > 1:
            self.stage_two_conditioning = moments(name="stage_two_conditioning")
            self.stage_two_generator = networks.stage_two_generator(
                enlargement=enlargement, blocks=blocks, **shared
            )
            self.stage_two_discriminator = networks.augmented(
                discriminator(image_size=crop_size, name="stage_two_discriminator"), diff_augment
            )

    @cached_property
    def drawings(self) -> dict[str, keras.Model]:
        """What each stage draws; see `stage_drawings`."""
        parts = {
            stage: (getattr(self, f"{stage}_conditioning"), getattr(self, f"{stage}_generator"))
            for stage in self.stage_names
        }
        return stage_drawings(parts, self.latent_length)

    @cached_property
    def generator(self) -> keras.Model:  # type: ignore[override]
        """[latents, captions] -> the images of the last stage."""
        inputs = self.drawings["stage_one"].inputs
        images = self.drawings["stage_one"].outputs[0]
        if self.enlargement > 1:
            images, _, _ = self.drawings["stage_two"]([images, *inputs])
        return keras.Model(inputs, images, name="generator")

    def sketches(self, latents: np.ndarray, captions: np.ndarray) -> np.ndarray | None:
        """Stage I's images, by the running averages where there are some.

        Args:
            latents: (N, latent_length).
            captions: Embeddings (N, embedding_length).

        Returns:
            Pixels (N, h, w, channels), smaller than those of `decode` by `enlargement`; None where
            there is no Stage II.
        """
        if self.enlargement == 1:
            return None
        with self.averaged_weights():
            images = self.drawings["stage_one"].predict([latents, captions], verbose=0)[0]
        return self.value_ranges["a"].to_pixels(images)

    def drawn_for_sheet(self, captions: np.ndarray) -> dict[str, np.ndarray]:
        """Stage I's image, enlarged by repetition, and images of Stage II, the first made of it."""
        latents = self.latents(len(captions))
        sketches = self.sketches(latents, captions)
        if sketches is None:
            return super().drawn_for_sheet(captions)
        others = self.latents(len(captions), seed=1)
        return {
            "Stage I": sketches.repeat(self.enlargement, axis=1).repeat(self.enlargement, axis=2),
            "Stage II": self.decode(latents, captions),
            "": self.decode(others, captions),
        }

    @property
    def views(self) -> dict[str, View]:
        """The last stage, and Stage I."""
        drawing = self.drawings["stage_one"]
        sketches = keras.Model(drawing.inputs, drawing.outputs[0], name="stage_one")
        stage_one = {"stage_one": View(sketches, ("latents", "captions"))}
        return super().views | (stage_one if self.enlargement > 1 else {})

    @property
    def shipped_networks(self) -> list[keras.Model]:
        """The generators with what draws their conditions, and the captions that are known."""
        parts = [
            getattr(self, f"{stage}_{part}")
            for stage in self.stage_names
            for part in ("conditioning", "generator")
        ]
        return [*parts, self.known_embeddings]
