"""Fast style transfer: what the generator optimises, against section 3.2 of Johnson et al. 2016.

As in the authors' code, the difference of Gram matrices is a mean of squares, not their sum.
"""

import numpy as np
import tensorflow as tf
from PIL import Image

from objectives import images, replay, spread_weights
from tfi2i.networks import PerceptualFeatures
from tfi2i.zoo.style.fast_style import FastStyle

SIZE = 16
STYLE_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")


def test_gradients_are_the_papers(tmp_path):
    pixels = np.random.default_rng(5).integers(0, 256, (SIZE, SIZE, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "style.png")
    style = tf.constant(pixels[None] / 127.5 - 1, tf.float32)
    model = FastStyle(
        crop_size=SIZE,
        style=str(tmp_path / "style.png"),
        style_size=SIZE,
        blocks=1,
        filters=4,
        content_weight=1.7,
        style_weight=300.0,
        variation_weight=0.03,
    )
    spread_weights(model)
    x = images(2, SIZE, seed=1)
    phi = PerceptualFeatures(STYLE_LAYERS)

    def gram(features):
        """Of one image, (h, w, C), divided by C h w (equation 3)."""
        psi = tf.reshape(features, (-1, features.shape[-1]))
        return tf.transpose(psi) @ psi / tf.size(psi, tf.float32)

    with replay(model, x, {"generator": 0.01}) as step:
        with tf.GradientTape() as tape:
            y = model.generator(x, training=True)
            phi_x, phi_y, phi_s = phi(x), phi(y), phi(style)
            content = tf.reduce_mean((phi_y["relu3_3"] - phi_x["relu3_3"]) ** 2)
            differences = [
                gram(phi_y[layer][image]) - gram(phi_s[layer][0])
                for layer in STYLE_LAYERS
                for image in range(2)
            ]
            style_loss = tf.add_n([tf.reduce_mean(d**2) for d in differences]) / 2
            down, right = y[:, 1:] - y[:, :-1], y[:, :, 1:] - y[:, :, :-1]
            variation = (tf.reduce_sum(down**2) + tf.reduce_sum(right**2)) / 2
            loss = 1.7 * content + 300.0 * style_loss + 0.03 * variation
        step.update("generator", [model.generator], loss, tape)
        step.assert_logs(
            content_loss=content,
            style_loss=style_loss,
            variation_loss=variation,
            generator_loss=loss,
        )
