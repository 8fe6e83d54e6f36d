"""The generators of TensorFlow's tutorials on pix2pix and CycleGAN, with the objects they save.

Written from the tutorials' description: the order of layers, their arguments, and the names under
which `tf.train.Checkpoint` gets them. It runs with Keras 2 (TensorFlow up to 2.15) and Keras 3,
whose checkpoints differ, and needs nothing of tfi2i.
"""

import tensorflow as tf

layers = tf.keras.layers


class InstanceNormalization(layers.Layer):
    """Instance norm as CycleGAN's tutorial has it, with the variables `scale` and `offset`."""

    def build(self, input_shape) -> None:
        """Makes the variables."""
        shape = input_shape[-1:]
        self.scale = self.add_weight(name="scale", shape=shape, initializer="ones")
        self.offset = self.add_weight(name="offset", shape=shape, initializer="zeros")

    def call(self, inputs):
        """Normalises each channel of each image."""
        mean, variance = tf.nn.moments(inputs, axes=[1, 2], keepdims=True)
        return self.scale * (inputs - mean) * tf.math.rsqrt(variance + 1e-5) + self.offset


def _down(filters: int, norm) -> tf.keras.Sequential:
    block = tf.keras.Sequential()
    block.add(layers.Conv2D(filters, 4, strides=2, padding="same", use_bias=False))
    if norm is not None:
        block.add(norm())
    block.add(layers.LeakyReLU())
    return block


def _up(filters: int, norm, *, dropout: bool) -> tf.keras.Sequential:
    block = tf.keras.Sequential()
    block.add(layers.Conv2DTranspose(filters, 4, strides=2, padding="same", use_bias=False))
    block.add(norm())
    if dropout:
        block.add(layers.Dropout(0.5))
    block.add(layers.ReLU())
    return block


def generator(*, depth: int = 8, filters: int = 64, instance: bool = False) -> tf.keras.Model:
    """The U-Net of both tutorials."""
    norm = InstanceNormalization if instance else layers.BatchNormalization
    widths = [min(filters * 2**level, 8 * filters) for level in range(depth)]
    inputs = images = layers.Input([None, None, 3])
    levels = []
    for level, width in enumerate(widths):
        images = _down(width, norm if level else None)(images)
        levels.append(images)
    for place, level in enumerate(range(depth - 2, -1, -1)):
        images = _up(widths[level], norm, dropout=place < 3)(images)
        images = layers.Concatenate()([images, levels[level]])
    last = layers.Conv2DTranspose(3, 4, strides=2, padding="same", activation="tanh")
    return tf.keras.Model(inputs, last(images))


def fill(model: tf.keras.Model, seed: int) -> None:
    """Numbers that keep maps about as large from layer to layer; see `torch_networks`."""
    random = tf.random.Generator.from_seed(seed)
    for variable in model.weights:
        name, shape = variable.name, variable.shape
        if len(shape) == 4:
            transposed = "transpose" in getattr(variable, "path", name)
            inside = 16 * int(shape[3 if transposed else 2]) / (4 if transposed else 1)
            value = random.normal(shape, stddev=(2 / inside) ** 0.5)
        elif "variance" in name:
            value = random.uniform(shape, 0.5, 1.5)
        else:
            value = random.normal(shape, 1.0 if "gamma" in name or "scale" in name else 0.0, 0.3)
        variable.assign(value)


def at_test(model: tf.keras.Model, images: tf.Tensor, *, training: bool) -> tf.Tensor:
    """What the tutorial's generator makes, without dropout, whose masks are random.

    Args:
        model: A generator.
        images: (1, H, W, 3) in [-1, 1].
        training: Whether batch norm uses the batch's statistics, as the tutorial on pix2pix does.
    """
    for block in model.layers:
        for layer in getattr(block, "layers", []):
            if isinstance(layer, layers.Dropout):
                layer.rate = 0.0
    return model(images, training=training)


def checkpoint(generators: dict[str, tf.keras.Model]) -> tf.train.Checkpoint:
    """What the tutorials save: generators, and an optimizer that has made a step with each."""
    objects: dict[str, tf.Module] = dict(generators)
    for name, model in generators.items():
        optimizer = tf.keras.optimizers.SGD(0.0)
        kernel = model.trainable_variables[0]
        optimizer.apply_gradients([(tf.zeros_like(kernel), kernel)])
        objects[f"{name}_optimizer"] = optimizer
    return tf.train.Checkpoint(**objects)
