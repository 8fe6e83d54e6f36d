"""What is fed with bytes: each reader takes them, or refuses them with an error of tfi2i's own."""

import io
import resource
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from tfi2i.data.decode.deep import read_stored
from tfi2i.data.decode.header import read_header
from tfi2i.data.decode.images import read_image
from tfi2i.data.decode.values import DTYPES
from tfi2i.errors import Tfi2iError
from tfi2i.recipe_text import parse, read_recipe_file
from tfi2i.torch_files import read_torch_file
from tfi2i.training.files.array_file import read_arrays
from tfi2i.training.run.metrics_file import read_metrics
from tfi2i.whole_files import read_json
from tools.fuzz import LONGEST_MESSAGE, MEGABYTES, SECONDS

# Of a picture, so that most inputs are quick.
_PIXELS = 1 << 18
Reader = Callable[[bytes], object]


def _picture(content: bytes) -> None:
    pixels = read_image(content, max_pixels=_PIXELS)
    assert pixels.dtype == np.uint8 and pixels.shape[-1] == 3


def _deep_picture(content: bytes) -> None:
    header = read_header(content, max_pixels=_PIXELS)
    # 16 bits of several channels are read by TensorFlow's own decoder of PNG.
    if header.dtype in DTYPES and not content.startswith(b"\x89PNG"):
        read_stored(content, header)


def _from_file(read: Callable[[Path], object], name: str) -> Reader:
    folder = Path(tempfile.mkdtemp(prefix="tfi2i-fuzz-"))

    def reader(content: bytes) -> None:
        (folder / name).write_bytes(content)
        read(folder / name)

    return reader


def readers() -> dict[str, Reader]:
    """All readers by their names."""
    return {
        "pictures": _picture,
        "deep pictures": _deep_picture,
        "arrays": _from_file(read_arrays, "weights.npz"),
        "torch": _from_file(read_torch_file, "weights.pth"),
        "recipes": _from_file(read_recipe_file, "recipe.yaml"),
        "settings": lambda content: parse(content.decode("utf-8", "replace"), "model.filters"),
        "facts": _from_file(read_json, "model.json"),
        "metrics": _from_file(read_metrics, "metrics.jsonl"),
    }


def fed(reader: Reader, content: bytes) -> bool:
    """Feeds one input.

    Returns:
        Whether it was taken; else it was refused in words.

    Raises:
        Exception: The reader raised something else, took too long or too much memory.
    """
    began, before = time.process_time(), _peak()
    try:
        with warnings.catch_warnings(action="ignore"):
            reader(content)
        taken = True
    except Tfi2iError as error:
        assert len(str(error)) < LONGEST_MESSAGE, "a message of any length"
        taken = False
    seconds, grown = time.process_time() - began, _peak() - before
    assert seconds < SECONDS, f"{seconds:.1f} s"
    assert grown < MEGABYTES, f"{grown:.0f} MB"
    return taken


def seeds() -> Mapping[str, list[bytes]]:
    """Whole inputs for each reader, from which others are made."""
    small = Image.effect_noise((12, 9), 90).convert("RGB")
    pictures = [_encoded(small, kind) for kind in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")]
    pictures += [_encoded(small.convert(mode), "PNG") for mode in ("P", "LA", "1", "I;16")]
    pictures += [_encoded(small.convert("CMYK"), "TIFF"), _encoded(small, "PPM")]
    deep = [_npy(), *(_encoded(small.convert(mode), "TIFF") for mode in ("I;16", "F", "RGBA"))]
    arrays = io.BytesIO()
    np.savez(arrays, kernel=np.ones((2, 3), np.float32), count=np.array(3))
    torch = io.BytesIO()
    with zipfile.ZipFile(torch, "w") as archive:
        archive.writestr("made/data.pkl", _STATE)
        archive.writestr("made/data/0", np.arange(6, dtype=np.float32).tobytes())
    recipe = b"variant: pix2pix\nmodel: {depth: 3, l1_weight: 1e2}\ndata: {source: a}\ntrain: {}\n"
    facts = b'{"variant": "pix2pix", "config": {"depth": 3}, "networks": ["generator"]}'
    line = b'{"iteration": 20, "epoch": 0, "loss": 1.5, "val_l1": NaN}\n'
    return {
        "pictures": pictures,
        "deep pictures": deep,
        "arrays": [arrays.getvalue()],
        "torch": [torch.getvalue()],
        "recipes": [recipe],
        "settings": [b"[translation, color]", b"2e-4", b"{a: 1}"],
        "facts": [facts],
        "metrics": [line * 2],
    }


# A state dict of one tensor, as torch.save writes it.
_STATE = (
    b"\x80\x02}q\x00X\x01\x00\x00\x00wq\x01ctorch._utils\n_rebuild_tensor_v2\nq\x02((X\x07\x00\x00"
    b"\x00storageq\x03ctorch\nFloatStorage\nq\x04X\x01\x00\x00\x000q\x05X\x03\x00\x00\x00cpuq\x06K"
    b"\x06tq\x07QK\x00K\x02K\x03\x86q\x08K\x03K\x01\x86q\t\x89ccollections\nOrderedDict\nq\n)Rq"
    b"\x0btq\x0cRq\rs."
)


def _encoded(picture: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


def _npy() -> bytes:
    file = io.BytesIO()
    np.save(file, np.zeros((4, 5, 7), np.float32))
    return file.getvalue()


def _peak() -> float:
    """The most memory that this process had so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
