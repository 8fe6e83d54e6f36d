"""A small classifier of domains, trained on real images: the independent judge of translations."""

from collections.abc import Mapping

import numpy as np

from tfi2i.metrics.precision import single_precision

_EPOCHS = 12
_BATCH = 16
_CHANNELS = (16, 32, 64)


class DomainClassifier:
    """Tells the domains of a labelled set apart; the same images give the same classifier.

    It has three strided convolutions, the mean and the maximum over the image, and one dense layer.
    It trains with Adam on the cross-entropy; domains are drawn equally often, and images are
    mirrored at random.
    """

    def __init__(self, domains: Mapping[str, np.ndarray], *, epochs: int = _EPOCHS, seed: int = 0):
        """Trains it.

        Args:
            domains: Training images by the name of their domain, (N, S, S, C) in 0..255.
            epochs: Passes; in each, every domain gives as many images as the largest has.
            seed: Seed of the weights and the order.
        """
        self.names = list(domains)
        images = list(domains.values())
        self._model = _network(images[0].shape[1:], len(images), seed)
        draw = np.random.default_rng(seed)
        steps = epochs * max(map(len, images)) * len(images) // _BATCH
        for _ in range(steps):
            labels = draw.integers(len(images), size=_BATCH)
            batch = [images[label][draw.integers(len(images[label]))] for label in labels]
            mirrored = [one[:, ::-1] if draw.random() < 0.5 else one for one in batch]
            self._model.train_on_batch(np.stack(mirrored).astype(np.float32), labels)

    def predict(self, images: np.ndarray) -> np.ndarray:
        """The number of each image's domain, (N,), from (N, S, S, C) in 0..255."""
        logits = self._model.predict(images.astype(np.float32), batch_size=64, verbose=0)
        return logits.argmax(axis=-1)

    def share(self, images: np.ndarray, domain: str) -> float:
        """The share of images that are taken for one domain, 0 to 1."""
        return float(np.mean(self.predict(images) == self.names.index(domain)))


@single_precision()
def _network(shape: tuple[int, ...], count: int, seed: int):
    import keras

    def start(number: int):
        return keras.initializers.HeNormal(seed=100 * seed + number)

    inputs = keras.Input(shape)
    features = keras.layers.Rescaling(1 / 127.5, -1.0)(inputs)
    for number, channels in enumerate(_CHANNELS):
        features = keras.layers.Conv2D(
            channels, 3, strides=2, padding="same", activation="relu",
            kernel_initializer=start(number),
        )(features)  # fmt: skip
    mean = keras.layers.GlobalAveragePooling2D()(features)
    most = keras.layers.GlobalMaxPooling2D()(features)
    both = keras.layers.Concatenate()([mean, most])
    logits = keras.layers.Dense(count, kernel_initializer=start(len(_CHANNELS)))(both)
    model = keras.Model(inputs, logits)
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),  # type: ignore[arg-type]
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,  # type: ignore[arg-type]
    )
    return model
