"""Images from TensorFlow Datasets, by the name of a builder: `tfds:cycle_gan/horse2zebra`.

The builder's own code downloads and prepares; the encoded images are then held in memory and
decoded by the same decoder as files, so that they can be visited in any order.
"""

import importlib.util
from pathlib import Path
from typing import Any

from tfi2i.data.decode.files import EncodedImages
from tfi2i.data.domains import AskedOfDomains, Domain, headers_of, value_range_of
from tfi2i.data.fingerprint import fingerprint, with_content
from tfi2i.data.source import DataSource, Split, counts_in_words
from tfi2i.errors import DataError, MissingExtraError

PREFIX = "tfds:"
MAX_BYTES = 8 * 1024**3
_TEST_NAMES = ("test", "validation", "valid", "val")


def open_tfds(
    source: str,
    *,
    kind: str | None = None,
    direction: str = "a2b",
    asked: AskedOfDomains,
) -> DataSource:
    """Prepares a builder's data (downloading if needed) and reads its encoded images.

    Args:
        source: `tfds:<builder>[/<config>][:<version>]`.
        kind: None for what the builder offers: splits trainA and trainB are unpaired, a scalar
            ClassLabel makes labelled, anything else images. Labelled data also serve as images.
        direction: "b2a" exchanges a and b.
        asked: channels and value ranges of the domains.

    Raises:
        DataError: no such builder, no single image per example, no network (with the manual
            route), or more than 8 GiB.
        MissingExtraError: tensorflow-datasets is not installed.
    """
    for package in ("tensorflow_datasets", "importlib_resources"):
        # tensorflow-datasets imports importlib_resources while preparing, and does not require it.
        if importlib.util.find_spec(package) is None:
            raise MissingExtraError(f"the source {source}", package.replace("_", "-"), "tfds")
    import tensorflow_datasets as tfds

    name = source.removeprefix(PREFIX)
    try:
        builder = tfds.builder(name)
    except (tfds.core.DatasetNotFoundError, ValueError) as error:
        raise DataError(f"{source}: TensorFlow Datasets has no such builder: {error}") from error
    image_key, label_key = _features(source, builder.info.features)
    examples = _load(source, builder, image_key)
    offered = _offered_kind(examples, label_key)
    if kind not in (None, offered) and not (kind == "images" and offered == "labelled"):
        raise DataError(f"{source} offers {offered} images; it cannot serve as {kind}")
    kind = kind or offered

    def images(split: str, domain: Domain = "a") -> EncodedImages:
        contents = [example[image_key] for example in examples[split]]
        names = [f"{split}-{number:06d}" for number in range(len(contents))]
        headers = headers_of(contents)
        value_range = value_range_of(headers, asked[domain], f"{source} {split}")
        sizes = [header.size for _, header in headers]
        return EncodedImages(contents, names, sizes, asked[domain].channels, value_range)

    if kind == "unpaired":
        first, second = ("B", "A") if direction == "b2a" else ("A", "B")
        splits = {
            part: Split(images(part + first), images(part + second, "b"))
            for part in ("train", "test")
            if {part + "A", part + "B"} <= examples.keys()
        }
    else:
        if "train" not in examples:
            raise DataError(f"{source} has no split train; it has {', '.join(examples) or 'none'}")
        test = next((one for one in _TEST_NAMES if one in examples), None)
        splits = {}
        for part, there in (("train", "train"), ("test", test)):
            if there is not None:
                labels = None
                if label_key:
                    labels = tuple(int(example[label_key]) for example in examples[there])
                splits[part] = Split(images(there), labels=labels)
    encoded = {split: [one[image_key] for one in found] for split, found in examples.items()}
    license_text = builder.info.redistribution_info.license
    return DataSource(
        kind=kind,
        name=source,
        description=f"found {kind} (TensorFlow Datasets {builder.info.full_name}): "
        + counts_in_words(kind, splits),
        splits=splits,
        licence=license_text or None,
        fingerprint=with_content(
            fingerprint(
                builder.info.full_name,
                kind,
                direction,
                asked.channels,
                [(split, list(map(len, images))) for split, images in encoded.items()],
            ),
            [(image, len(image)) for images in encoded.values() for image in images],
        ),
        class_names=tuple(builder.info.features[label_key].names)
        if label_key and kind != "unpaired"
        else (),
    )


def _features(source: str, features: Any) -> tuple[str, str]:
    """Keys of the image and of the class label ("" where there is none)."""
    import numpy as np
    import tensorflow_datasets as tfds

    named = dict(features.items()) if isinstance(features, tfds.features.FeaturesDict) else {}
    images = [
        key
        for key, feature in named.items()
        if isinstance(feature, tfds.features.Image) and feature.np_dtype in (np.uint8, np.uint16)
    ]
    if len(images) != 1:
        raise DataError(
            f"{source} has {len(images)} image features per example ({', '.join(named)}); one is "
            "needed. Make a tf.data.Dataset of it and pass that instead"
        )
    labels = [key for key, one in named.items() if isinstance(one, tfds.features.ClassLabel)]
    return images[0], labels[0] if len(labels) == 1 else ""


def _load(source: str, builder: Any, image_key: str) -> dict[str, list[dict[str, Any]]]:
    """All examples of all splits, with encoded images."""
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.download import downloader
    from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError

    # Ten attempts, each after twice the pause, take four minutes where there is no network.
    downloader.MAX_RETRIES = 6
    decoders = {image_key: tfds.decode.SkipDecoding()}
    try:
        loaded, info = tfds.load(
            source.removeprefix(PREFIX), decoders=decoders, shuffle_files=False, with_info=True
        )
    except (
        OSError,
        AssertionError,  # raised by a builder whose files have to be put in place by hand
        tfds.download.DownloadError,
        NonMatchingChecksumError,
    ) as error:
        data_dir = Path(builder.data_dir).parents[builder.info.full_name.count("/")]
        raise DataError(
            f"{source} could not be downloaded or prepared: {error}\n"
            f"Manual route: put the builder's archive into {data_dir / 'downloads' / 'manual'} and "
            "try again; or unpack it anywhere and name that folder as the source (folders trainA, "
            "trainB, testA, testB; or one for each class)."
        ) from error
    # The builder knows its size only now: what it prepared is in `info`.
    size = int(info.dataset_size)
    if size > MAX_BYTES:
        raise DataError(
            f"{source} holds {size / 1024**3:.1f} GiB of images; up to {MAX_BYTES // 1024**3} are "
            "held in memory. Write it to a folder, or pass a tf.data.Dataset"
        )
    return {split: list(dataset.as_numpy_iterator()) for split, dataset in loaded.items()}


def _offered_kind(examples: dict[str, Any], label_key: str) -> str:
    if {"trainA", "trainB"} <= examples.keys():
        return "unpaired"
    return "labelled" if label_key else "images"
