"""SN-GAN: Spectral Normalization for Generative Adversarial Networks (Miyato et al. 2018)."""

from typing import Any, ClassVar, Literal

import tensorflow as tf

from tfi2i import losses
from tfi2i.training import LinearToZero, Player, mini_batches, paper_adam
from tfi2i.zoo.generation._convolutional import ConvolutionalGAN

LOSSES = {
    "hinge": (losses.hinge_discriminator, losses.hinge_generator),
    "non_saturating": (losses.minimax_discriminator, losses.non_saturating_generator),
}


class SNGAN(ConvolutionalGAN):
    r"""Limits the discriminator's slope by dividing each kernel by its largest singular value.

    The singular value comes from one step of power iteration at each pass (algorithm 1), which
    costs little; no gradient of a gradient is needed. D's slope is then at most one in every layer,
    with LeakyReLU between them. The objective is the hinge (equations 16 and 17) or the game of
    2014:

        D    E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))]
        G    -E[D(G(z))]

    Both networks are DCGAN's, D without batch norm and with the norm on every kernel; the paper's
    D has a further 3x3 convolution before each one that halves the map (table 3).

    Batches: `images`, float32 (B, H, W, C) in [-1, 1]: one mini-batch for each step of D. The
    paper's 64 images a mini-batch are a batch of 320; its G sees twice as many latents at a time.

    Example:
        import numpy as np
        from tfi2i.zoo.generation.sngan import SNGAN

        photos = np.random.randint(0, 256, (20, 32, 32, 3), np.uint8)  # your images
        model = SNGAN(crop_size=32, filters=8, discriminator_filters=8)
        model.compile()
        model.fit(photos, batch_size=20)
        pictures = model.sample(16, seed=3)
    """

    batch_kind = "images"
    rival_norm = "none"
    mini_batches = "discriminator_steps"
    # max(0, 1 - 0) + max(0, 1 + 0) where D cannot tell.
    discriminator_game: ClassVar = ("discriminator_loss", 2.0)

    def train_step(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """The discriminator on each mini-batch, then the generator once."""
        discriminator_objective, generator_objective = LOSSES[self.objective]
        for step, real in enumerate(mini_batches(batch, self.discriminator_steps)):
            fake = self.generator(self.draw_latents(real.shape[0], site=step), training=True)
            with tf.GradientTape() as tape:
                # One pass over both: power iteration takes one step, and both see one D.
                scores = self.discriminator(tf.concat([real, fake], axis=0), training=True)
                discriminator_loss = discriminator_objective(*tf.split(scores, 2))
            self.players["discriminator"].minimize(discriminator_loss, tape)

        # Twice as many as in a mini-batch, as in the authors' code.
        latents = self.draw_latents(2 * real.shape[0], site=self.discriminator_steps)
        with tf.GradientTape() as tape:
            fake_scores = self.discriminator(self.generator(latents, training=True), training=True)
            generator_loss = generator_objective(fake_scores)
        self.players["generator"].minimize(generator_loss, tape)
        return self.report(generator_loss=generator_loss, discriminator_loss=discriminator_loss)

    def make_players(
        self,
        *,
        generator_learning_rate: float = 2e-4,
        discriminator_learning_rate: float = 2e-4,
        beta_1: float = 0.0,
        beta_2: float = 0.9,
        decay_until: int | None = None,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the players `generator` and `discriminator`.

        Args:
            generator_learning_rate: Learning rate of the paper's Adam.
            discriminator_learning_rate: Learning rate of the paper's Adam.
            beta_1: Its first-moment decay.
            beta_2: Its second-moment decay.
            decay_until: The iteration at which both rates have fallen linearly to zero: 50,000 in
                the authors' code for 32 px. None keeps them.
            ema_decay: Running average of the generator's weights per update, None for none.
        """

        def options() -> dict[str, Any]:
            return {"schedule": decay_until and LinearToZero(0, decay_until)}

        return {
            "generator": Player(
                [self.generator],
                paper_adam(generator_learning_rate, beta_1, beta_2),
                ema_decay=ema_decay,
                **options(),
            ),
            "discriminator": Player(
                [self.discriminator],
                paper_adam(discriminator_learning_rate, beta_1, beta_2),
                **options(),
            ),
        }

    def __init__(
        self,
        *,
        latent_length: int = 128,
        spectral: bool = True,
        objective: Literal["hinge", "non_saturating"] = "hinge",
        discriminator_steps: int = 5,
        **kwargs,
    ):
        """Builds both networks; the defaults are the paper's.

        Args:
            latent_length: Components of the latent z.
            spectral: Whether D's kernels are normalised; the paper's control is False.
            objective: `hinge`, or the cross-entropy of 2014 with `non_saturating` for G.
            discriminator_steps: The paper's n_dis.
            **kwargs: See `ConvolutionalGAN`.
        """
        self.spectral = spectral
        super().__init__(latent_length=latent_length, **kwargs)
        self.objective = objective
        self.discriminator_steps = discriminator_steps
