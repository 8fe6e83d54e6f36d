"""Networks that turn images into the features which FID and KID compare."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from tfi2i.errors import WeightsError
from tfi2i.metrics.pixel import check_images
from tfi2i.metrics.precision import single_precision
from tfi2i.package_files import file_sha256

if TYPE_CHECKING:
    import keras

_INCEPTION_SIZE = 299
_INCEPTION_URL = "https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/"
_INCEPTION_FILE = "inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5"
_INCEPTION_MD5 = "bcbd6486424b2319ff4ef7d526e38f63"


class FeatureExtractor(Protocol):
    """What `evaluate` asks of a feature extractor; any object with these two will do."""

    @property
    def name(self) -> str:
        """The name in results; it differs whenever the features could differ."""
        ...

    def __call__(self, images: np.ndarray, /) -> np.ndarray:
        """uint8 images (N, H, W, 3) -> float64 features (N, D)."""
        ...


class KerasExtractor:
    """A Keras model as a feature extractor: resizes, and works in compiled batches.

    Attributes:
        name: The name of network, weights and input size.
    """

    def __init__(
        self,
        name: str,
        model: "keras.Model",
        *,
        image_size: int,
        preprocess: Callable | None = None,
        batch_size: int = 32,
        remembered_batches: int = 0,
    ):
        """Wraps a model.

        Args:
            name: The name in results.
            model: float32 (B, image_size, image_size, 3) -> (B, D).
            image_size: Side of the square that images are resized to: bilinear, antialiased when
                they shrink (without it, FID depends on the resizing more than on the images: Parmar
                et al. 2022).
            preprocess: From 0..255 to what the model takes; None where the model does that itself.
            batch_size: Images at a time.
            remembered_batches: How many of the latest batches keep their features, for test images
                that several translators or directions share.
        """
        import tensorflow as tf

        self.name = name
        self._batch_size = batch_size
        self._remembered_batches = remembered_batches
        self._kept: dict[tuple, np.ndarray] = {}

        # No fixed shapes in the signature: images of another size do not trace again.
        @tf.function(input_signature=[tf.TensorSpec((None, None, None, 3), tf.uint8)])
        def extract(images):
            resized = tf.image.resize(images, (image_size, image_size), antialias=True)
            return model(preprocess(resized) if preprocess else resized, training=False)

        self._extract = extract

    def __call__(self, images: np.ndarray, /) -> np.ndarray:
        """Features of images.

        Args:
            images: uint8 (N, H, W, 3), any size.

        Returns:
            float64 (N, D).

        Raises:
            DataError: The images are not uint8, do not have four axes, or are empty.
        """
        check_images(images, "Feature extractors")
        batches = [
            images[start : start + self._batch_size]
            for start in range(0, len(images), self._batch_size)
        ]
        return np.concatenate([self._features(batch) for batch in batches]).astype(np.float64)

    def _features(self, batch: np.ndarray) -> np.ndarray:
        # The key is a digest: the pixels themselves would fill the memory.
        key = (batch.shape, hashlib.blake2b(batch.tobytes()).digest())
        features = self._kept.pop(key, None)
        if features is None:
            features = self._extract(batch).numpy()
        self._kept[key] = features  # The last to be forgotten.
        if len(self._kept) > self._remembered_batches:
            del self._kept[next(iter(self._kept))]
        return features


@single_precision()
def inception_v3(weights: str | Path = "imagenet") -> KerasExtractor:
    """Inception-v3 of `keras.applications`: the 2048 features of its last pooling, at 299 px.

    These are Keras' weights, not those of the 2015 graph behind published FID figures: close, not
    equal.

    Args:
        weights: "imagenet" for Keras' own file (in its cache, else downloaded, 88 MB), or the path
            of a weight file without the classifier (`.h5` or `.weights.h5`).

    Returns:
        A callable: uint8 (N, H, W, 3) -> float64 (N, 2048). Its name is
        `inception-v3-imagenet@299`, or carries the first eight digits of the file's SHA-256.

    Raises:
        WeightsError: The file is missing, cannot be downloaded, or does not fit the network.
    """
    import keras

    path = _imagenet_file() if weights == "imagenet" else Path(weights)
    if not path.is_file():
        raise WeightsError(
            f"There is no weight file {path}. Give the path of {_INCEPTION_FILE}, or 'imagenet'."
        )
    model = keras.applications.InceptionV3(
        include_top=False,
        pooling="avg",
        weights=None,  # pyright: ignore[reportArgumentType]: None is documented
    )
    try:
        model.load_weights(str(path))
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(
            f"{path} does not fit Inception-v3 without its classifier: {error}"
        ) from error
    which = "imagenet" if weights == "imagenet" else file_sha256(path)[:8]
    return KerasExtractor(
        f"inception-v3-{which}@{_INCEPTION_SIZE}",
        model,
        image_size=_INCEPTION_SIZE,
        preprocess=keras.applications.inception_v3.preprocess_input,
    )


def _imagenet_file() -> Path:
    """Keras' own file, from its cache (~/.keras/models) or downloaded, its checksum compared."""
    import keras

    try:
        return Path(
            keras.utils.get_file(
                _INCEPTION_FILE,
                _INCEPTION_URL + _INCEPTION_FILE,
                cache_subdir="models",
                file_hash=_INCEPTION_MD5,
            )
        )
    except Exception as error:
        # In Keras a failed download is a bare Exception, a broken one an OSError or a ValueError.
        if type(error) is not Exception and not isinstance(error, OSError | ValueError):
            raise
        raise WeightsError(
            "The ImageNet weights of Inception-v3 are not in Keras' cache and cannot be had: "
            f"{error}. Put {_INCEPTION_FILE} into ~/.keras/models, or give its path, or use the "
            "default extractor, which needs no download."
        ) from error
