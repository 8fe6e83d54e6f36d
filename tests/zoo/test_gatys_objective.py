"""Neural style transfer: what the picture optimises, against section 2 of Gatys et al. 2016.

The constants of equations 1 and 4 are those of the first author's code: means in place of sums.
"""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from objectives import images, replay, train_alone
from tfi2i.networks import PerceptualFeatures
from tfi2i.zoo.style.gatys import Gatys

SIZE = 32
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
CONTENT_LAYER = "relu4_2"


@pytest.fixture
def painter(tmp_path):
    """A maker of models, and the pixels of their style image."""
    pixels = np.random.default_rng(5).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "style.png")

    def make(**changes):
        return Gatys(
            **{
                "crop_size": SIZE,
                "style": str(tmp_path / "style.png"),
                "content_weight": 1.7,
                "style_weight": 900.0,
                "variation_weight": 3e-4,
                **changes,
            }
        )

    return make, tf.constant(pixels[None] / 127.5 - 1, tf.float32)


@pytest.mark.parametrize("start", ["noise", "content"])
def test_the_gradient_is_the_papers(start, painter):
    make, style = painter
    model, contents = make(start=start), images(2, SIZE, seed=1)
    phi = PerceptualFeatures((*STYLE_LAYERS, CONTENT_LAYER))

    def gram(features):
        """Of one image, (1, h, w, C), divided by C h w."""
        f = tf.reshape(features, (-1, features.shape[-1]))
        return tf.transpose(f) @ f / tf.size(f, tf.float32)

    with replay(model, contents, {"canvas": 0.1}) as step:
        if start == "content":
            model.canvas.pixels.assign(contents[:1])
        with tf.GradientTape() as tape:
            x = model.canvas.pixels.value + 0.0
            phi_x, phi_s, phi_c = phi(x), phi(style), phi(contents)
            content = tf.add_n(
                [tf.reduce_mean((phi_x[CONTENT_LAYER][0] - p) ** 2) for p in phi_c[CONTENT_LAYER]]
            )
            content /= 2
            style_loss = tf.add_n(
                [tf.reduce_mean((gram(phi_x[k]) - gram(phi_s[k])) ** 2) for k in STYLE_LAYERS]
            )
            variation = tf.reduce_sum((x[:, 1:] - x[:, :-1]) ** 2)
            variation += tf.reduce_sum((x[:, :, 1:] - x[:, :, :-1]) ** 2)
            loss = 1.7 * content + 900.0 * style_loss + 3e-4 * variation
        step.update("canvas", [model.canvas], loss, tape)
        step.assert_logs(
            content_loss=content,
            style_loss=style_loss,
            variation_loss=variation,
            picture_loss=loss,
        )


def test_only_the_first_iteration_starts_from_the_content(painter):
    model, content = painter[0](start="content"), images(1, SIZE, seed=1)
    train_alone(model, content, "nobody")
    np.testing.assert_array_equal(model.canvas.pixels, content)
    model.canvas.pixels.assign(0.5 * content)
    train_alone(model, content, "nobody")
    np.testing.assert_array_equal(model.canvas.pixels, 0.5 * content)
