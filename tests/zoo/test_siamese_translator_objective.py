"""The Siamese translator: what each player optimises, against the article's forms of both losses.

Style is the Siamese GAN's ("the Discriminator pushes the vectors of B closer to the fixed point,
while trying to keep the encodings of G(z) at an arbitrary distance (Margin) from the point"),
content TraVeLGAN's (Amodio and Krishnaswamy 2019, section 3.2); R1 is Mescheder et al. 2018.
"""

from itertools import combinations

import numpy as np
import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.zoo.unpaired.siamese_translator import SiameseTranslator

SIZE, BATCH = 16, 3
CONTENT, DISTANCE, IDENTITY = 2.0, 0.6, 1.7
SEPARATION, SEPARATION_MARGIN, PENALTY = 4.0, 1.1, 0.3


def tiny(**changes):
    model = SiameseTranslator(
        **{
            "crop_size": SIZE,
            "depth": 2,
            "filters": 4,
            "discriminator_depth": 2,
            "discriminator_filters": 4,
            "vectors": "patches",
            "vector_length": 5,
            "style": "least_squares",
            "margin": 1.5,
            "content_weight": CONTENT,
            "distance_weight": DISTANCE,
            "identity_weight": IDENTITY,
            "separation_weight": SEPARATION,
            "separation_margin": SEPARATION_MARGIN,
            "gradient_penalty_weight": PENALTY,
            "attention": False,
            "spectral": False,
            "generator_spectral": False,
            "padding": "same",
            "input_skip": False,
            "seed": 3,
            **changes,
        }
    )
    spread_weights(model)
    return model, (images(BATCH, SIZE, seed=1), images(BATCH, SIZE, seed=2))


def style_losses(style, margin, real, fake):
    """Those of S and of G; vectors (B, patches, V), of which the patches are averaged over."""
    real, fake = (tf.reduce_sum(vectors**2, axis=-1) for vectors in (real, fake))
    mean = tf.reduce_mean
    if style == "triplet":  # the anchor is the origin, b the positive, G(a) the negative
        hinges = tf.maximum(0.0, real - fake + margin)
        assert 0 < float(mean(tf.sign(hinges))) < 1  # some are beyond the margin
        return mean(hinges), mean(fake)
    return mean(real) + mean((tf.sqrt(fake) - margin) ** 2), mean(fake)


def content_losses(source, translated):
    """Angle, squared distance and separation, means over all pairs of different images.

    All patches of an image are one long vector, of which a squared length is a mean over patches.
    """
    angles, distances, separations = [], [], []
    for i, j in combinations(range(BATCH), 2):
        s, t = source[i] - source[j], translated[i] - translated[j]
        angles.append(1 - tf.reduce_sum(s * t) / (tf.norm(s) * tf.norm(t)))
        distances.append(tf.reduce_sum((s - t) ** 2) / len(s))
        length = tf.sqrt(tf.reduce_sum(s**2) / len(s))
        separations.append(tf.maximum(0.0, SEPARATION_MARGIN - length) ** 2)
    return [tf.reduce_mean(values) for values in (angles, distances, separations)]


@pytest.mark.parametrize(
    ("vectors", "style", "margin", "identity_weight", "penalty_weight", "spectral"),
    [
        ("patches", "least_squares", 1.5, IDENTITY, PENALTY, False),
        ("image", "triplet", 6.0, IDENTITY, 0.0, False),
        ("patches", "triplet", 1.5, 0.0, PENALTY, True),
    ],
)
def test_gradients_are_the_articles(
    vectors, style, margin, identity_weight, penalty_weight, spectral
):
    model, (a, b) = tiny(
        vectors=vectors,
        style=style,
        margin=margin,
        identity_weight=identity_weight,
        gradient_penalty_weight=penalty_weight,
        spectral=spectral,
    )
    g, s = model.generator, model.discriminator

    def encode(x, training=False):
        """(B, h, w, V) -> (B, patches, V)."""
        return tf.reshape(s(x, training=training), (len(x), -1, 5))

    def penalty():
        """R1 of the vectors along a random direction."""
        seed = model.noise_seed(0, per_replica=False)
        direction = tf.random.stateless_normal([5], seed)
        squares = []
        for one in b:
            with tf.GradientTape() as inner:
                inner.watch(one)
                along = tf.reduce_sum(encode(one[None]) * direction)
            squares.append(tf.reduce_sum(inner.gradient(along, one) ** 2))
        return tf.reduce_mean(squares)

    with replay(model, (a, b), {"discriminator": 0.1, "generator": 0.1}) as step:
        with tf.GradientTape(persistent=True) as tape:
            fake = g(a, training=True)
            # One pass in training, since each moves the spectral normalisation's vectors.
            s_all = encode(tf.concat([a, b, fake], axis=0), training=True)
            s_a, s_b, s_fake = s_all[:BATCH], s_all[BATCH : 2 * BATCH], s_all[2 * BATCH :]
            discriminator_style, generator_style = style_losses(style, margin, s_b, s_fake)
            angle, distance, separation = content_losses(s_a, s_fake)
            content = CONTENT * angle + DISTANCE * distance
            discriminator_loss = discriminator_style + content + SEPARATION * separation
            if penalty_weight:
                discriminator_loss += penalty_weight * penalty()
            identity = tf.reduce_mean(abs(g(b, training=True) - b))
            generator_loss = generator_style + content + identity_weight * identity
        step.update("discriminator", [s], discriminator_loss, tape)
        step.update("generator", [g], generator_loss, tape)
        step.assert_logs(
            discriminator_loss=discriminator_loss,
            discriminator_style_loss=discriminator_style,
            style_loss=generator_style,
            travel_loss=angle,
            distance_loss=distance,
            separation_loss=separation,
            identity_loss=identity if identity_weight else 0.0,
            generator_loss=generator_loss,
        )


def test_an_iteration_takes_one_step_of_the_power_method():
    """Miyato et al. 2018, algorithm 1; the penalty's pass takes none."""
    model, batch = tiny(spectral=True)
    layer = next(layer for layer in model.discriminator.layers if hasattr(layer, "u"))
    u, kernel = np.array(layer.u), np.reshape(layer.layer.kernel, (-1, layer.u.shape[-1]))
    u = u @ kernel.T @ kernel
    train_alone(model, batch, "nobody")
    np.testing.assert_allclose(layer.u, u / np.linalg.norm(u), rtol=1e-3)


def distances(model, a, b):
    """Mean squared distances from the origin, where images look real, of b and of G(a)."""
    return [
        float(tf.reduce_mean(tf.reduce_sum(model.discriminator(x) ** 2, axis=-1)))
        for x in (b, model.generator(a))
    ]


STYLE_ALONE = {
    "content_weight": 0.0,
    "distance_weight": 0.0,
    "identity_weight": 0.0,
    "separation_weight": 0.0,
    "gradient_penalty_weight": 0.0,
    "margin": 9.0,
}


@pytest.mark.parametrize("style", ["least_squares", "triplet"])
def test_a_step_of_the_discriminator_widens_its_gap(style):
    model, (a, b) = tiny(style=style, **STYLE_ALONE)
    real, fake = distances(model, a, b)
    train_alone(model, (a, b), "discriminator")
    real_after, fake_after = distances(model, a, b)
    assert fake_after - real_after > fake - real


def test_a_step_of_the_generator_brings_its_images_to_the_origin():
    model, (a, b) = tiny(**STYLE_ALONE)
    _, fake = distances(model, a, b)
    train_alone(model, (a, b), "generator")
    assert distances(model, a, b)[1] < fake
