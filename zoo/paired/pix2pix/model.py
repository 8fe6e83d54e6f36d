"""pix2pix: Image-to-Image Translation with Conditional Adversarial Networks (Isola et al. 2017)."""

from typing import ClassVar, Literal

import keras
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.image_sizes import Size
from tfi2i.training import Player, paper_adam
from tfi2i.zoo.translation import TranslationGAN


class Pix2Pix(TranslationGAN):
    r"""Learns to translate `a` to `b` from aligned pairs.

    The discriminator D sees the input beside the output. The only noise of the generator G is
    dropout, which stays on at test time (section 3). With y = G(a):

        min_G max_D  E[log D(a, b)] + E[log(1 - D(a, y))] + l1_weight * E[|b - y|_1]

    G minimises -log D(a, y) in place of log(1 - D(a, y)), and D's objective is halved (section
    3.3). D classifies patches (PatchGAN, section 3.2.2).

    Batches: `paired`, (a, b) float32 (B, H, W, C) in [-1, 1].

    Example:
        import numpy as np
        from tfi2i.zoo.paired.pix2pix import Pix2Pix

        a, b = np.random.randint(0, 256, (2, 4, 32, 32, 3), np.uint8)  # your images
        model = Pix2Pix(crop_size=32, filters=8, discriminator_filters=8)
        model.compile()
        model.fit(a, b, batch_size=2)
        picture = model.translate(a[0])
    """

    batch_kind = "paired"
    discriminator_game: ClassVar = ("discriminator_loss", 0.693)

    def train_step(self, batch: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One gradient step on D, then one on G (section 3.3)."""
        a, b = batch
        with tf.GradientTape(persistent=True) as tape:
            # One pass of G(a) and of D(a, G(a)) serves both players: G steps against D as it was
            # before this step's update, where the authors' code evaluates D once more.
            fake_b = self.generator(a, training=True)
            real_scores = self.discriminator(self._judged(a, b), training=True)
            fake_scores = self.discriminator(self._judged(a, fake_b), training=True)

            discriminator_loss = 0.5 * losses.minimax_discriminator(real_scores, fake_scores)
            adversarial_loss = losses.non_saturating_generator(fake_scores)
            l1_loss = losses.l1(b, fake_b)
            generator_loss = self.adversarial_weight * adversarial_loss + self.l1_weight * l1_loss

        self.players["discriminator"].minimize(discriminator_loss, tape)
        self.players["generator"].minimize(generator_loss, tape)
        return self.report(
            generator_loss=generator_loss,
            adversarial_loss=adversarial_loss,
            l1_loss=l1_loss,
            discriminator_loss=discriminator_loss,
        )

    def _judged(self, a: tf.Tensor, b: tf.Tensor) -> tf.Tensor | list[tf.Tensor]:
        """What D sees of a pair."""
        return [a, b] if self.conditional else b

    def make_players(
        self,
        *,
        generator_learning_rate: float = 2e-4,
        discriminator_learning_rate: float = 2e-4,
        beta_1: float = 0.5,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the players `generator` and `discriminator`.

        Args:
            generator_learning_rate: Learning rate of the paper's Adam.
            discriminator_learning_rate: Learning rate of the paper's Adam.
            beta_1: First-moment decay of the paper's Adam.
            ema_decay: Running average of the generator's weights per update, None for none.
        """
        return {
            "generator": Player(
                [self.generator], paper_adam(generator_learning_rate, beta_1), ema_decay=ema_decay
            ),
            "discriminator": Player(
                [self.discriminator], paper_adam(discriminator_learning_rate, beta_1)
            ),
        }

    def __init__(
        self,
        *,
        crop_size: Size = 256,
        input_channels: int = 3,
        output_channels: int = 3,
        network: networks.Translator = "unet",
        depth: int | None = None,
        blocks: int | None = None,
        filters: int = 64,
        norm: Literal["batch", "instance"] = "batch",
        skips: bool = True,
        upsampling: Literal["transposed", "nearest"] = "transposed",
        input_skip: bool = False,
        padding: Literal["same", "reflect"] = "same",
        conditional: bool = True,
        receptive_field: int = 70,
        discriminator_filters: int = 64,
        dropout: float = 0.5,
        dropout_at_inference: bool = True,
        statistics_at_inference: Literal["image", "moving"] = "image",
        adversarial_weight: float = 1.0,
        l1_weight: float = 100.0,
        diff_augment: tuple[str, ...] = (),
        seed: int = 0,
        name: str = "pix2pix",
        **kwargs,
    ):
        """Builds the players' networks; the defaults are the paper's.

        Args:
            crop_size: Side of the training images in pixels, or (height, width).
            input_channels: Channels of `a`.
            output_channels: Channels of `b`.
            network: Of G: the paper's `unet`; CycleGAN's `resnet`, which the authors' PyTorch code
                offers too; or `tutorial_unet`, that of TensorFlow's tutorial.
            depth: Down-samplings of a U-Net; None takes as many as reach a 1x1 map, at most 8.
            blocks: Residual blocks of a ResNet; None takes 9 from 256 pixels on and 6 below.
            filters: Channels after the first convolution of G.
            norm: Normalisation in both networks: the paper's `batch`, or `instance`.
            skips: False takes the skip connections out of the U-Net and leaves the encoder-decoder
                that the paper compares it with (section 4.3).
            upsampling: Upsampling of the U-Net: `transposed` convolutions, or `nearest` and a
                convolution.
            input_skip: Whether the U-Net's last convolution sees the input too, as `nearest`
                upsampling needs to draw detail of single pixels.
            padding: Padding of the U-Net: "same", with zeros as in the paper, or "reflect", without
                which a short training frames its pictures.
            conditional: False hides `a` from D, the paper's plain GAN (section 4.2).
            receptive_field: Receptive field of the PatchGAN in pixels: 1, 16, 34, 70, 142 or 286.
            discriminator_filters: Channels of the PatchGAN's first layer.
            dropout: Rate in the three innermost decoder blocks.
            dropout_at_inference: Whether dropout stays on at test time, the paper's only noise.
            statistics_at_inference: `image` normalises each test image by its own statistics, as
                the paper's test batches of one do; `moving` by the training averages.
            adversarial_weight: 0 leaves the plain L1 regression that the paper compares with.
            l1_weight: The paper's lambda.
            diff_augment: For few images, what D sees is augmented: some of
                `colour`, `translation`, `cutout` (`networks.augmented`).
            seed: See `GAN`.
            name: Name of the model.
            **kwargs: `dtype`, as for any Keras model.
        """
        super().__init__(crop_size=crop_size, seed=seed, name=name, **kwargs)
        self.conditional = conditional
        self.adversarial_weight = adversarial_weight
        self.l1_weight = l1_weight
        if network == "resnet":
            blocks = self.settled("blocks", blocks or networks.resnet_blocks(crop_size))
        else:
            depth = self.settled("depth", depth or networks.unet_depth(crop_size))
        self.generator = networks.translator(
            network,
            input_channels=input_channels,
            output_channels=output_channels,
            depth=depth,
            blocks=blocks,
            filters=filters,
            norm=norm,
            dropout=dropout,
            dropout_at_inference=dropout_at_inference,
            statistics_at_inference=statistics_at_inference,
            unet_alone={
                "skips": skips,
                "upsampling": upsampling,
                "input_skip": input_skip,
                "padding": padding,
            },
            name="generator",
        )
        self.discriminator = networks.augmented(
            networks.patchgan(
                channels=(input_channels, output_channels) if conditional else (output_channels,),
                receptive_field=receptive_field,
                filters=discriminator_filters,
                norm=norm,
                name="discriminator",
            ),
            diff_augment,
        )

    @property
    def translators(self) -> dict[str, keras.Model]:
        """The generator, from `a` to `b`."""
        return {"a2b": self.generator}
