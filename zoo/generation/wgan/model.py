"""WGAN: Wasserstein Generative Adversarial Networks (Arjovsky et al. 2017)."""

from typing import ClassVar

import keras
import tensorflow as tf

from tfi2i import losses
from tfi2i.training import Player, clip_weights, mini_batches
from tfi2i.zoo.generation._convolutional import ConvolutionalGAN


class WGAN(ConvolutionalGAN):
    r"""Minimises an estimate of the Wasserstein distance, which falls as samples get better.

    The critic f is a function whose slope is limited by clipping its weights to
    [-clip_limit, clip_limit]. It is trained nearly to optimality, `critic_steps` updates for each
    of G (algorithm 1):

        f    -(E[f(x)] - E[f(G(z))])
        G    -E[f(G(z))]

    The log `distance` is E[f(x)] - E[f(G(z))], the estimate up to a factor that the limit decides.
    Both networks are DCGAN's, as in the paper. Its code has 100 critic steps in each of the first
    25 iterations and in every 500th, which is not in the algorithm, and not here.

    Batches: `images`, float32 (B, H, W, C) in [-1, 1]: one mini-batch for each step of the critic.
    The paper's 64 images a mini-batch are a batch of 320.

    Example:
        import numpy as np
        from tfi2i.zoo.generation.wgan import WGAN

        photos = np.random.randint(0, 256, (20, 32, 32, 3), np.uint8)  # your images
        model = WGAN(crop_size=32, filters=8, discriminator_filters=8)
        model.compile()
        model.fit(photos, batch_size=20)
        pictures = model.sample(16, seed=3)
    """

    batch_kind = "images"
    rival = "critic"
    mini_batches = "critic_steps"
    # A critic has no value at which it cannot tell real from fake.
    discriminator_game: ClassVar = None

    def train_step(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """Algorithm 1: the critic on each mini-batch, then the generator once."""
        critic = self.players["critic"]
        for step, real in enumerate(mini_batches(batch, self.critic_steps)):
            fake = self.generator(self.draw_latents(real.shape[0], site=step), training=True)
            with tf.GradientTape() as tape:
                critic_loss = losses.wasserstein_critic(
                    self.critic(real, training=True), self.critic(fake, training=True)
                )
            critic.minimize(critic_loss, tape)
            clip_weights(critic.variables, self.clip_limit)

        latents = self.draw_latents(real.shape[0], site=self.critic_steps)
        with tf.GradientTape() as tape:
            fake_scores = self.critic(self.generator(latents, training=True), training=True)
            generator_loss = losses.wasserstein_generator(fake_scores)
        self.players["generator"].minimize(generator_loss, tape)
        return self.report(generator_loss=generator_loss, distance=tf.negative(critic_loss))

    def make_players(
        self,
        *,
        generator_learning_rate: float = 5e-5,
        critic_learning_rate: float = 5e-5,
        decay: float = 0.9,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the players `generator` and `critic`.

        The optimizer is RMSProp: the paper saw the critic become unstable with Adam's momentum
        (section 4.3), since the game is not stationary.

        Args:
            generator_learning_rate: Learning rate of the paper's RMSProp.
            critic_learning_rate: Learning rate of the paper's RMSProp.
            decay: Its decay of squared gradients.
            ema_decay: Running average of the generator's weights per update, None for none.
        """
        return {
            "generator": Player(
                [self.generator], _rmsprop(generator_learning_rate, decay), ema_decay=ema_decay
            ),
            "critic": Player([self.critic], _rmsprop(critic_learning_rate, decay)),
        }

    def __init__(self, *, critic_steps: int = 5, clip_limit: float = 0.01, **kwargs):
        """Builds both networks; the defaults are the paper's.

        Args:
            critic_steps: The paper's n_critic.
            clip_limit: The paper's c.
            **kwargs: See `ConvolutionalGAN`.
        """
        super().__init__(**kwargs)
        self.critic_steps = critic_steps
        self.clip_limit = clip_limit


def _rmsprop(learning_rate: float, decay: float) -> keras.optimizers.RMSprop:
    return keras.optimizers.RMSprop(learning_rate, rho=decay, epsilon=1e-8)  # type: ignore[arg-type]
