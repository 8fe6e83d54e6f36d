"""AdaIN: what the decoder optimises, against equations 8 and 11 to 13 of Huang and Belongie 2017.

As in the authors' code, the content is a mean over all activations, and the style sums squares over
channels; variances have 1e-5 added.
"""

import inspect

import numpy as np
import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights, train_alone
from tfi2i.networks import PerceptualFeatures
from tfi2i.zoo.style.adain import AdaIN

SIZE, STYLE_WEIGHT = 16, 0.003
LAYERS = ("relu1_1", "relu2_1", "relu3_1")


@pytest.fixture(scope="module")
def features():
    """The encoder's layers, computed apart from the model."""
    return PerceptualFeatures(LAYERS, reflect=True)


def tiny():
    model = AdaIN(crop_size=SIZE, level=3, filters=4, style_weight=STYLE_WEIGHT)
    spread_weights(model)
    return model, (images(2, SIZE, seed=1), images(2, SIZE, seed=2))


def mu(x):
    return tf.reduce_mean(x, axis=(1, 2), keepdims=True)


def sigma(x):
    return tf.sqrt(mu((x - mu(x)) ** 2) + 1e-5)


def test_gradients_are_the_papers(features):
    model, (content, style) = tiny()
    with replay(model, (content, style), {"generator": 1e-3}) as step:
        f_c, f_s = features(content)["relu3_1"], features(style)
        s = f_s["relu3_1"]
        t = sigma(s) * (f_c - mu(f_c)) / sigma(f_c) + mu(s)
        with tf.GradientTape() as tape:
            f_g = features(model.decoder(t, training=True))
            content_loss = tf.reduce_mean((f_g["relu3_1"] - t) ** 2)
            style_loss = tf.zeros(())
            for layer in LAYERS:
                for statistic in (mu, sigma):
                    difference = statistic(f_g[layer]) - statistic(f_s[layer])
                    style_loss += tf.reduce_mean(tf.reduce_sum(difference**2, axis=(1, 2, 3)))
            loss = content_loss + STYLE_WEIGHT * style_loss
        step.update("generator", [model.decoder], loss, tape)
        step.assert_logs(content_loss=content_loss, style_loss=style_loss, generator_loss=loss)


def test_defaults_are_the_papers():
    defaults = {k: v.default for k, v in inspect.signature(AdaIN).parameters.items()}
    assert (defaults["level"], defaults["style_weight"]) == (4, 1e-2)
    model, _ = tiny()
    model.compile()
    optimizer = model.players["generator"].optimizer
    model.iteration.assign(20_000)  # at which the authors' rate has halved
    assert float(optimizer.learning_rate) == pytest.approx(1e-4 / 2)


def test_the_stored_style_is_the_average_of_those_seen(features):
    model, (content, style) = tiny()
    styles = [style, images(2, SIZE, seed=3), images(2, SIZE, seed=4)]
    found = [features(batch)["relu3_1"] for batch in styles]
    means, deviations = ([np.mean(part(x), axis=(0, 1, 2)) for x in found] for part in (mu, sigma))
    layer = model.stored_style
    for batch in styles[:2]:
        train_alone(model, (content, batch), "nobody")
    np.testing.assert_allclose(layer.mean, (means[0] + means[1]) / 2, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        layer.deviation, (deviations[0] + deviations[1]) / 2, rtol=1e-4, atol=1e-6
    )
    # From the hundredth batch on, the newest counts one hundredth.
    model.iteration.assign(500)
    layer.mean.assign(means[0])
    layer.deviation.assign(deviations[0])
    train_alone(model, (content, styles[2]), "nobody")
    np.testing.assert_allclose(layer.mean, 0.99 * means[0] + 0.01 * means[2], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        layer.deviation, 0.99 * deviations[0] + 0.01 * deviations[2], rtol=1e-4, atol=1e-6
    )
