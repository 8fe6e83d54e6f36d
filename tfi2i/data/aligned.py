"""Labelled images whose test part shows the same things in every class."""

import dataclasses
import unicodedata
from pathlib import PurePosixPath

from tfi2i.data.source import DataSource
from tfi2i.errors import DataError


def aligned_classes(source: DataSource) -> DataSource:
    """The source, with test images of equal names taken for the same thing in every class.

    Raises:
        DataError: The source is not labelled or has no test images, or a name is missing in a
            class.
    """
    test = source.splits.get("test")
    if source.kind != "labelled" or test is None or test.labels is None:
        raise DataError(
            f"{source.name} ({source.kind}): data.aligned says that test images of equal names "
            "show the same in every class, but there are no test images in classes"
        )
    by_class: list[list[str]] = [[] for _ in source.class_names]
    for name, label in zip(test.a.names, test.labels, strict=True):
        by_class[label].append(unicodedata.normalize("NFC", PurePosixPath(name).stem))
    everything = set().union(*by_class)
    for label, names in zip(source.class_names, by_class, strict=True):
        missing = everything - set(names)
        if missing:
            raise DataError(
                f"{source.name}: data.aligned wants a test image of every name in every class, but "
                f"{label} has none named {min(missing)!r}"
            )
        if names != by_class[0]:
            raise DataError(f"{source.name}: {label} has two test images of one name")
    return dataclasses.replace(source, aligned_test=True)
