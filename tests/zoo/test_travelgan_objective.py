"""TraVeLGAN: what each player optimises, against section 3 of Amodio and Krishnaswamy 2019.

Where paper and authors' code differ (the margin is on squared lengths, the distance a mean over
components) the code is followed.
"""

import inspect
from itertools import permutations

import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.zoo.unpaired.travelgan import TraVeLGAN

SIZE, BATCH = 32, 3
ADVERSARIAL, SIAMESE, MARGIN = 0.8, 3.0, 8.0


def tiny(**changes):
    model = TraVeLGAN(
        **{
            "crop_size": SIZE,
            "filters": 4,
            "discriminator_filters": 4,
            "siamese_filters": 4,
            "vector_length": 6,
            "adversarial_weight": ADVERSARIAL,
            "siamese_weight": SIAMESE,
            "margin": MARGIN,
            **changes,
        }
    )
    spread_weights(model)
    return model, (images(BATCH, SIZE, seed=1), images(BATCH, SIZE, seed=2))


def test_gradients_are_the_papers():
    model, (a, b) = tiny()
    g_ab, g_ba = model.generator_ab, model.generator_ba
    d_a, d_b = model.discriminator_a, model.discriminator_b
    pairs = list(permutations(range(BATCH), 2))

    def cross_entropy(scores, label):
        probability = tf.sigmoid(scores)
        return -tf.reduce_mean(tf.math.log(probability if label else 1 - probability))

    def siamese(stem, x):
        return model.trunk(stem(x, training=True), training=True)

    def vectors(encoded):
        """The transformation vector of every ordered pair of different images."""
        return [encoded[i] - encoded[j] for i, j in pairs]

    def cosine(v, w):
        return tf.reduce_sum(v * w) / (tf.norm(v) * tf.norm(w))

    def content(real, translated):
        """The TraVeL loss of one direction: angles, and squared distances."""
        both = list(zip(vectors(real), vectors(translated), strict=True))
        angles = tf.reduce_mean([1 - cosine(v, w) for v, w in both])
        return angles + tf.reduce_mean([tf.reduce_mean((v - w) ** 2) for v, w in both])

    def margin(real):
        hinges = [tf.maximum(0.0, MARGIN - tf.reduce_sum(v**2)) for v in vectors(real)]
        assert len({bool(hinge > 0) for hinge in hinges}) == 2  # some are beyond the margin
        return tf.reduce_mean(hinges)

    rates = {"discriminator": 0.1, "siamese": 0.1, "generator": 0.1}
    with replay(model, (a, b), rates) as step:
        with tf.GradientTape(persistent=True) as tape:
            fake_a, fake_b = g_ba(b, training=True), g_ab(a, training=True)
            loss_a, loss_b = (
                cross_entropy(d(real, training=True), 1) / 2
                + cross_entropy(d(fake, training=True), 0) / 2
                for d, real, fake in ((d_a, a, fake_a), (d_b, b, fake_b))
            )
            discriminator_loss = loss_a + loss_b
            adversarial = cross_entropy(d_a(fake_a, training=True), 1)
            adversarial += cross_entropy(d_b(fake_b, training=True), 1)
            s_a, s_b = siamese(model.stem_a, a), siamese(model.stem_b, b)
            s_fake_a, s_fake_b = siamese(model.stem_a, fake_a), siamese(model.stem_b, fake_b)
            travel = content(s_a, s_fake_b) + content(s_b, s_fake_a)
            siamese_loss = SIAMESE * (travel + margin(s_a) + margin(s_b))
            generator_loss = ADVERSARIAL * adversarial + SIAMESE * travel
        step.update("discriminator", [d_a, d_b], discriminator_loss, tape)
        step.update("siamese", [model.stem_a, model.stem_b, model.trunk], siamese_loss, tape)
        step.update("generator", [g_ab, g_ba], generator_loss, tape)
        step.assert_logs(
            discriminator_a_loss=loss_a,
            discriminator_b_loss=loss_b,
            adversarial_loss=adversarial,
            generator_loss=generator_loss,
        )


def test_defaults_are_the_authors():
    defaults = {k: v.default for k, v in inspect.signature(TraVeLGAN).parameters.items()}
    published = {
        "adversarial_weight": 1.0,
        "siamese_weight": 10.0,
        "margin": 10.0,
        "vector_length": 1000,
    }
    assert {name: defaults[name] for name in published} == published


def scores(model, a, b):
    """Mean scores of real and of generated images in both domains."""
    fake_a = model.generator_ba(b, training=True)
    fake_b = model.generator_ab(a, training=True)
    pairs = ((model.discriminator_a, a, fake_a), (model.discriminator_b, b, fake_b))
    return [
        tuple(float(tf.reduce_mean(discriminator(x, training=True))) for x in (real, fake))
        for discriminator, real, fake in pairs
    ]


def test_a_step_of_the_discriminators_widens_their_gaps():
    model, (a, b) = tiny()
    before = scores(model, a, b)
    train_alone(model, (a, b), "discriminator")
    for (real, fake), (real_after, fake_after) in zip(before, scores(model, a, b), strict=True):
        assert real_after - fake_after > real - fake


def test_a_step_of_the_generators_raises_the_scores_of_their_images():
    model, (a, b) = tiny(siamese_weight=0.0)
    before = scores(model, a, b)
    train_alone(model, (a, b), "generator")
    for (_, fake), (_, fake_after) in zip(before, scores(model, a, b), strict=True):
        assert fake_after > fake
