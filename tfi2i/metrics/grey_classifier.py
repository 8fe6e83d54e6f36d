"""A small classifier of small grey images, such as digits: what does a made image show?

It is trained on real images of the domain that the made ones should look like, and its accuracy on
held-out real images of that domain says how far its verdict can be trusted. What it sees in images
serves as their features too: networks trained on photographs see little in digits.
"""

import numpy as np

from tfi2i.data.decode.pixels import to_float
from tfi2i.errors import DataError
from tfi2i.metrics.precision import single_precision

_EPOCHS = 6
_BATCH_SIZE = 64
_SEEN_AT_ONCE = 256
_LARGEST_SHIFT = 2


class GreyClassifier:
    """Two convolutions and a dense layer on grey images; the same images give the same classifier.

    Attributes:
        classes: How many it tells apart.
        training_images: How many it was trained on.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, *, classes: int = 10, seed: int = 0):
        """Trains it, in seconds.

        Args:
            images: uint8 (N, H, W, C).
            labels: int64 (N,), from 0 to below `classes`.
            classes: How many there are.
            seed: Seed of weights, order and shifts.

        Raises:
            DataError: If there is not one label for each image.
        """
        if len(images) != len(labels):
            raise DataError(f"{len(images)} images need as many labels, not {len(labels)}")
        self.training_images = len(images)
        self.classes = classes
        self._network = _network(images.shape[1:3], classes, seed)
        draw = np.random.default_rng(seed)
        for _ in range(_EPOCHS):
            order = draw.permutation(len(images))
            shifted = _shifted(_as_grey(images[order]), draw)
            self._network.fit(
                shifted, labels[order], batch_size=_BATCH_SIZE, shuffle=False, verbose=0
            )
        self._scales = [np.sqrt(np.mean(np.square(seen))) for seen in self._seen(images)]

    def predict(self, images: np.ndarray) -> np.ndarray:
        """The class that each image shows: int64 (N,), for uint8 (N, H, W, C)."""
        scores = self._network.predict(_as_grey(images), batch_size=256, verbose=0)
        return np.argmax(scores, axis=-1)

    @property
    def name(self) -> str:
        """Its name as a feature extractor, in results."""
        return f"classifier of {self.classes} classes, {self.training_images} training images"

    def __call__(self, images: np.ndarray, /) -> np.ndarray:
        """Features, float64 (N, 112), for uint8 (N, H, W, C).

        They are what each hidden layer sees, maps by their means: the first layers see strokes and
        grain, the last one shapes. The training images have a mean square of 1 in each layer.
        """
        return np.concatenate(
            [seen / scale for seen, scale in zip(self._seen(images), self._scales, strict=True)],
            axis=1,
        )

    def _seen(self, images: np.ndarray) -> list[np.ndarray]:
        """What each hidden layer sees, (N, channels) each."""
        parts = []
        for start in range(0, len(images), _SEEN_AT_ONCE):
            seen, found = _as_grey(images[start : start + _SEEN_AT_ONCE]), []
            for layer in self._network.layers[:-1]:
                seen = layer(seen)
                if layer.weights:
                    values = np.asarray(seen, np.float64)
                    found.append(values.mean(axis=(1, 2)) if values.ndim == 4 else values)
            parts.append(found)
        return [np.concatenate(layer) for layer in zip(*parts, strict=True)]

    def accuracy(self, images: np.ndarray, labels: np.ndarray) -> float:
        """The share of images for which it names their label."""
        return float(np.mean(self.predict(images) == labels))


@single_precision()
def _network(size: tuple[int, int], classes: int, seed: int):
    import keras

    def start() -> keras.initializers.Initializer:
        nonlocal seed
        seed += 1
        return keras.initializers.GlorotUniform(seed=seed)

    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((*size, 1)),
            layers.Conv2D(16, 5, strides=2, activation="relu", kernel_initializer=start()),
            layers.Conv2D(32, 3, strides=2, activation="relu", kernel_initializer=start()),
            layers.Flatten(),
            layers.Dense(64, activation="relu", kernel_initializer=start()),
            layers.Dense(classes, kernel_initializer=start()),
        ]
    )
    network.compile(
        optimizer=keras.optimizers.Adam(2e-3),  # type: ignore[arg-type]
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return network


def _as_grey(images: np.ndarray) -> np.ndarray:
    """uint8 (N, H, W, C) -> float32 (N, H, W, 1) in [-1, 1]."""
    return to_float(images).mean(axis=-1, keepdims=True)


def _shifted(images: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Every image moved by up to two pixels; the gap is filled with the paper at the border."""
    reach = _LARGEST_SHIFT
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
    height, width = images.shape[1:3]
    places = draw.integers(0, 2 * reach + 1, (len(images), 2))
    return np.stack(
        [
            image[down : down + height, right : right + width]
            for image, (down, right) in zip(padded, places, strict=True)
        ]
    )
