"""WGAN-GP: Improved Training of Wasserstein GANs (Gulrajani et al. 2017)."""

from functools import partial
from typing import ClassVar

import tensorflow as tf

from tfi2i import losses
from tfi2i.training import Player, mini_batches, paper_adam, uniform_for_each
from tfi2i.zoo.generation._convolutional import ConvolutionalGAN


class WGANGP(ConvolutionalGAN):
    r"""Limits the critic's slope by a penalty on its gradient, where WGAN clips its weights.

    An optimal critic f has gradients of length one between real and generated images (proposition
    1), so that is what is asked for, at x^ on the line between a real and a generated image
    (algorithm 1):

        f    E[f(G(z))] - E[f(x)] + penalty_weight * E[(|grad f(x^)| - 1)^2]
        G    -E[f(G(z))]

    The critic has no batch norm, which would make its gradient depend on the other images of the
    batch (section 4). The log `distance` is E[f(x)] - E[f(G(z))].

    Batches: `images`, float32 (B, H, W, C) in [-1, 1]: one mini-batch for each step of the critic.
    The paper's 64 images a mini-batch are a batch of 320.

    Example:
        import numpy as np
        from tfi2i.zoo.generation.wgan_gp import WGANGP

        photos = np.random.randint(0, 256, (20, 32, 32, 3), np.uint8)  # your images
        model = WGANGP(crop_size=32, filters=8, discriminator_filters=8)
        model.compile()
        model.fit(photos, batch_size=20)
        pictures = model.sample(16, seed=3)
    """

    batch_kind = "images"
    rival = "critic"
    rival_norm = "none"
    mini_batches = "critic_steps"
    # A critic with a gradient penalty keeps its slope however well it tells real from fake.
    discriminator_game: ClassVar = None

    def train_step(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """Algorithm 1: the critic on each mini-batch, then the generator once."""
        judge = partial(self.critic, training=True)
        for step, real in enumerate(mini_batches(batch, self.critic_steps)):
            fake = self.generator(self.draw_latents(real.shape[0], site=2 * step), training=True)
            mixing = uniform_for_each(real, self.noise_seed(2 * step + 1, per_replica=False))
            with tf.GradientTape() as tape:
                critic_loss = losses.wasserstein_critic(judge(real), judge(fake))
                gradient_penalty = losses.gradient_penalty(judge, real, fake, mixing)
                penalised_loss = critic_loss + self.penalty_weight * gradient_penalty
            self.players["critic"].minimize(penalised_loss, tape)

        latents = self.draw_latents(real.shape[0], site=2 * self.critic_steps)
        with tf.GradientTape() as tape:
            fake_scores = judge(self.generator(latents, training=True))
            generator_loss = losses.wasserstein_generator(fake_scores)
        self.players["generator"].minimize(generator_loss, tape)
        return self.report(
            generator_loss=generator_loss,
            distance=tf.negative(critic_loss),
            gradient_penalty=gradient_penalty,
        )

    def make_players(
        self,
        *,
        generator_learning_rate: float = 1e-4,
        critic_learning_rate: float = 1e-4,
        beta_1: float = 0.5,
        beta_2: float = 0.9,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the players `generator` and `critic`.

        Args:
            generator_learning_rate: Learning rate of the paper's Adam.
            critic_learning_rate: Learning rate of the paper's Adam.
            beta_1: Its first-moment decay: 0 in algorithm 1, and 0.5 in the authors' code for
                convolutional networks like these.
            beta_2: Its second-moment decay.
            ema_decay: Running average of the generator's weights per update, None for none.
        """
        return {
            "generator": Player(
                [self.generator],
                paper_adam(generator_learning_rate, beta_1, beta_2),
                ema_decay=ema_decay,
            ),
            "critic": Player([self.critic], paper_adam(critic_learning_rate, beta_1, beta_2)),
        }

    def __init__(
        self,
        *,
        latent_length: int = 128,
        critic_steps: int = 5,
        penalty_weight: float = 10.0,
        **kwargs,
    ):
        """Builds both networks; the defaults are the paper's.

        Args:
            latent_length: Components of the latent z.
            critic_steps: The paper's n_critic.
            penalty_weight: The paper's lambda.
            **kwargs: See `ConvolutionalGAN`.
        """
        super().__init__(latent_length=latent_length, **kwargs)
        self.critic_steps = critic_steps
        self.penalty_weight = penalty_weight
