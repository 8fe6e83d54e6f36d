"""Writes what tensorflow-addons computes to an .npz that tfi2i's layers are tested against.

Runs only beside TensorFlow 2.15 (see make_numbers.sh): tensorflow-addons cannot be imported next to
Keras 3.

    python make_numbers.py OUTPUT.npz
"""

import sys

import numpy as np
import tensorflow as tf
import tensorflow_addons as tfa

RECORDED_CALLS = 3
SETTLING_CALLS = 200


def instance_normalization(random: np.random.Generator) -> dict:
    """Result and gradients of `sum(sin(layer(images)))`, with scales not 1 and offsets not 0."""
    layer = tfa.layers.InstanceNormalization(epsilon=1e-5)
    images = tf.constant(random.normal(1.0, 2.0, (2, 5, 4, 3)).astype(np.float32))
    layer.build(images.shape)
    weights = [random.normal(1.0, 0.3, 3), random.normal(0.0, 0.5, 3)]
    layer.set_weights([array.astype(np.float32) for array in weights])
    with tf.GradientTape() as tape:
        tape.watch(images)
        result = layer(images, training=True)
        loss = tf.reduce_sum(tf.sin(result))
    names = ["images", "gamma", "beta"]
    gradients = tape.gradient(loss, [images, layer.gamma, layer.beta])
    gamma, beta = layer.get_weights()
    return {
        "instance/images": images,
        "instance/gamma": gamma,
        "instance/beta": beta,
        "instance/result": result,
        "instance/inference": layer(images, training=False),
        **{
            f"instance/gradient/{name}": value for name, value in zip(names, gradients, strict=True)
        },
    }


def spectral_normalization(random: np.random.Generator) -> dict:
    """A convolution at the start, in its first training calls, and when its kernel has settled."""
    layer = tfa.layers.SpectralNormalization(tf.keras.layers.Conv2D(4, 3, padding="same"))
    images = tf.constant(random.normal(size=(2, 5, 4, 3)).astype(np.float32))
    layer.build(images.shape)
    kernel, bias, u = layer.get_weights()
    kernel = random.normal(0.0, 0.3, kernel.shape).astype(np.float32)
    bias = random.normal(0.0, 0.3, bias.shape).astype(np.float32)
    layer.set_weights([kernel, bias, u])
    numbers = {
        "spectral/images": images,
        "spectral/kernel": kernel,
        "spectral/bias": bias,
        "spectral/u": u,
    }
    for call in range(RECORDED_CALLS):
        with tf.GradientTape() as tape:
            tape.watch(images)
            result = layer(images, training=True)
            loss = tf.reduce_sum(tf.sin(result))
        by_images, by_kernel, by_bias = tape.gradient(
            loss, [images, layer.layer.kernel, layer.layer.bias]
        )
        kernel, bias, u = layer.get_weights()
        numbers |= {
            f"spectral/{call}/result": result,
            f"spectral/{call}/kernel": kernel,
            f"spectral/{call}/u": u,
            f"spectral/{call}/gradient/images": by_images,
            f"spectral/{call}/gradient/kernel": by_kernel,
            f"spectral/{call}/gradient/bias": by_bias,
        }
    for _ in range(SETTLING_CALLS):
        layer(images, training=True)
    kernel, bias, u = layer.get_weights()
    return numbers | {
        "spectral/settled/kernel": kernel,
        "spectral/settled/u": u,
        "spectral/settled/inference": layer(images, training=False),
    }


def main(path: str) -> None:
    """Writes all numbers, and the versions that made them."""
    tf.keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    numbers = {**instance_normalization(random), **spectral_normalization(random)}
    arrays = {name: np.asarray(value) for name, value in numbers.items()}
    versions = [f"tensorflow {tf.__version__}", f"tensorflow-addons {tfa.__version__}"]
    np.savez_compressed(path, versions=np.array(versions), **arrays)
    print(f"{path}: {len(arrays)} arrays from {' and '.join(versions)}")


if __name__ == "__main__":
    main(sys.argv[1])
