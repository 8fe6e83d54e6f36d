"""Folders of images, in the forms that people already have them."""

from pathlib import Path

from tfi2i.data.files import FileImages
from tfi2i.data.images import image_size
from tfi2i.data.source import DataSource, Split, counts_in_words


def open_folder(folder: Path, *, kind, direction, channels, skip_bad) -> DataSource:
    """Work in progress: one plain folder."""
    paths = sorted(p for p in folder.iterdir() if p.is_file())
    images = FileImages(paths, [p.name for p in paths], [image_size(p) for p in paths], channels)
    splits = {"train": Split(images)}
    words = counts_in_words("images", splits)
    return DataSource("images", str(folder), f"found images: {words}", splits)
