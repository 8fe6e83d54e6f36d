"""Music translation: its objective is the Siamese translator's, on pictures of one channel."""

import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.zoo.style.music_translation import MusicTranslation

SIZE = 16


def tiny(**changes):
    model = MusicTranslation(
        **{
            "crop_size": SIZE,
            "input_channels": 1,
            "output_channels": 1,
            "depth": 2,
            "filters": 4,
            "discriminator_depth": 2,
            "discriminator_filters": 4,
            "vectors": "image",
            "vector_length": 5,
            "style": "least_squares",
            "margin": 1.5,
            "content_weight": 2.0,
            "distance_weight": 0.6,
            "identity_weight": 1.7,
            "separation_weight": 4.0,
            "separation_margin": 2.8,
            "gradient_penalty_weight": 0.0,
            "attention": False,
            "spectral": False,
            "generator_spectral": False,
            **changes,
        }
    )
    spread_weights(model)
    return model, (images(2, SIZE, 1, seed=1), images(2, SIZE, 1, seed=2))


def test_gradients_are_the_siamese_translators():
    model, (a, b) = tiny()
    g, total, mean = model.generator, tf.reduce_sum, tf.reduce_mean

    def encode(x):
        return model.discriminator(x, training=True)[:, 0, 0]

    with replay(model, (a, b), {"discriminator": 0.1, "generator": 0.1}) as step:
        with tf.GradientTape(persistent=True) as tape:
            fake = g(a, training=True)
            s_a, s_b, s_fake = encode(a), encode(b), encode(fake)
            # Two images make one pair.
            s, t = s_a[0] - s_a[1], s_fake[0] - s_fake[1]
            angle = 1 - total(s * t) / (tf.norm(s) * tf.norm(t))
            content = 2.0 * angle + 0.6 * total((s - t) ** 2)
            separation = tf.maximum(0.0, 2.8 - tf.norm(s)) ** 2
            style = mean(total(s_b**2, axis=1)) + mean((tf.norm(s_fake, axis=1) - 1.5) ** 2)
            discriminator_loss = style + content + 4.0 * separation
            identity = mean(abs(g(b, training=True) - b))
            generator_loss = mean(total(s_fake**2, axis=1)) + content + 1.7 * identity
        assert separation > 0
        step.update("discriminator", [model.discriminator], discriminator_loss, tape)
        step.update("generator", [g], generator_loss, tape)


STYLE_ALONE = {
    "content_weight": 0.0,
    "distance_weight": 0.0,
    "identity_weight": 0.0,
    "separation_weight": 0.0,
    "margin": 9.0,
}


def distances(model, a, b):
    """Mean squared distances from the origin, where pictures look real, of b and of G(a)."""
    return [
        float(tf.reduce_mean(tf.reduce_sum(model.discriminator(x) ** 2, axis=-1)))
        for x in (b, model.generator(a))
    ]


def test_a_step_of_the_discriminator_widens_its_gap():
    model, (a, b) = tiny(**STYLE_ALONE)
    real, fake = distances(model, a, b)
    train_alone(model, (a, b), "discriminator")
    real_after, fake_after = distances(model, a, b)
    assert fake_after - real_after > fake - real


def test_a_step_of_the_generator_brings_its_pictures_to_the_origin():
    model, (a, b) = tiny(**STYLE_ALONE)
    _, fake = distances(model, a, b)
    train_alone(model, (a, b), "generator")
    assert distances(model, a, b)[1] < fake
