"""CUT: what each player optimises, against sections 3.1 to 3.3 of Park et al. 2020."""

import inspect

import numpy as np
import pytest
import tensorflow as tf

from objectives import images, replay, spread_weights
from tfi2i.errors import RecipeError
from tfi2i.training.replicas import random_order
from tfi2i.zoo.unpaired.cut import CUT

SIZE, PATCHES, TEMPERATURE = 16, 5, 0.3
LAYERS = ("down1_conv", "down2_conv", "block1_add", "block2_add")


def tiny(**changes):
    model = CUT(
        **{
            "crop_size": SIZE,
            "blocks": 2,
            "filters": 4,
            "receptive_field": 16,
            "discriminator_filters": 4,
            "projector_filters": 6,
            "patches": PATCHES,
            "temperature": TEMPERATURE,
            "contrastive_weight": 3.0,
            "identity_weight": 0.7,
            "seed": 4,
            **changes,
        }
    )
    spread_weights(model)
    return model, (images(2, SIZE, seed=1), images(2, SIZE, seed=2))


def square(x):
    return tf.reduce_mean(tf.square(x))


def maps_of(generator, x):
    """The image and the maps after the layers of the paper, by going through G layer by layer."""
    found, first, value = [x], {}, x
    for layer in generator.layers[1:]:
        if layer.name.endswith("_add"):
            value = value + first[layer.name]
        else:
            if layer.name.endswith("_pad1"):
                first[layer.name.replace("_pad1", "_add")] = value
            value = layer(value)
        if layer.name in LAYERS:
            found.append(value)
    return found


def projected(model, layer, vectors):
    """Two dense layers with a ReLU between, and the length of one."""
    hidden, last = (
        model.projector.get_layer(f"map{layer}_{name}").variables for name in ("hidden", "vector")
    )
    vectors = tf.nn.relu(vectors @ hidden[0] + hidden[1]) @ last[0] + last[1]
    return vectors / tf.norm(vectors, axis=-1, keepdims=True)


def patch_nce(model, x, y, site):
    """Equation 3, query by query: every layer's mean over images and places."""
    of_layers = []
    pairs = zip(maps_of(model.generator, x), maps_of(model.generator, y), strict=True)
    for layer, (keys_map, queries_map) in enumerate(pairs):
        _, height, width, channels = keys_map.shape
        places = random_order(height * width, model.noise_seed(site + layer, per_replica=False))
        places = places[: min(PATCHES, height * width)].numpy()
        losses = []
        for image in range(len(x)):
            flat_keys = tf.reshape(tf.stop_gradient(keys_map[image]), (-1, channels))
            flat_queries = tf.reshape(queries_map[image], (-1, channels))
            keys = tf.stop_gradient(projected(model, layer, tf.gather(flat_keys, places)))
            queries = projected(model, layer, tf.gather(flat_queries, places))
            for own in range(len(places)):
                likeness = tf.exp(tf.linalg.matvec(keys, queries[own]) / TEMPERATURE)
                losses.append(-tf.math.log(likeness[own] / tf.reduce_sum(likeness)))
        of_layers.append(tf.reduce_mean(losses))
    return tf.reduce_mean(of_layers)


@pytest.mark.parametrize("identity_weight", [0.7, 0.0])
def test_gradients_are_the_papers(identity_weight):
    model, (a, b) = tiny(identity_weight=identity_weight)
    g, d = model.generator, model.discriminator
    rates = {"generator": 0.1, "discriminator": 0.1, "projector": 0.1}
    with replay(model, (a, b), rates) as step:
        with tf.GradientTape(persistent=True) as tape:
            fake_b = g(a)
            discriminator_loss = (square(d(b) - 1) + square(d(fake_b))) / 2
            adversarial = square(d(fake_b) - 1)
            contrastive = patch_nce(model, a, fake_b, site=0)
            identity = patch_nce(model, b, g(b), site=5) if identity_weight else 0.0
            generator_loss = adversarial + 3.0 * contrastive + identity_weight * identity
        step.update("discriminator", [d], discriminator_loss, tape)
        step.update("generator", [g], generator_loss, tape)
        step.update("projector", [model.projector], generator_loss, tape)
        step.assert_logs(
            generator_loss=generator_loss,
            adversarial_loss=adversarial,
            contrastive_loss=contrastive,
            identity_loss=identity,
            discriminator_loss=discriminator_loss,
        )


def test_defaults_are_the_papers():
    defaults = {k: v.default for k, v in inspect.signature(CUT).parameters.items()}
    assert (defaults["patches"], defaults["projector_filters"]) == (256, 256)
    assert (defaults["temperature"], defaults["receptive_field"]) == (0.07, 70)
    # Both of the paper's weights of 1, halved as by the authors.
    assert defaults["contrastive_weight"] == defaults["identity_weight"] == 0.5


def test_the_compared_maps_are_those_of_the_paper():
    model = CUT(crop_size=32, blocks=6, filters=4, discriminator_filters=4)
    shapes = [tuple(one.shape[-1:]) for one in model.encoder(np.zeros((1, 32, 32, 3), "float32"))]
    assert shapes == [(3,), (8,), (16,), (16,), (16,)]
    after_five = model.generator.get_layer("block5_add").output
    assert model.encoder.outputs[-1] is after_five


def test_domains_of_different_channels_are_refused():
    with pytest.raises(RecipeError, match="3 and 1 channels: give both domains equal"):
        CUT(crop_size=16, a_channels=3, b_channels=1)
