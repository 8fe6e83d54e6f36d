"""Small files of large pictures, one and eight at once: memory stays within a stated budget."""

import io
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image

from tfi2i.data.decode.header import read_header
from tfi2i.data.decode.images import read_image
from tfi2i.data.decode.png import chunks
from tfi2i.errors import DataError

# Opens a folder and tells by how many megabytes the process grew at most.
PROGRAM = """
import resource, sys
from tfi2i.data import open_source
from tfi2i.data.decode.budget import DECODING, LEAST_BYTES
from tfi2i.data.decode.images import read_image
DECODING.amount = LEAST_BYTES  # of a small machine
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
read_image(sys.argv[2])
before = peak()
found = len(open_source(sys.argv[1]).splits["train"].a)
print(round(peak() - before), found)
"""


def bomb(width: int, height: int) -> bytes:
    """A PNG of zeros in RGB without its end, so that only decoding shows whether it is whole."""
    file = io.BytesIO()
    Image.new("RGB", (width, 8)).save(file, "PNG")
    parts = dict(chunks(file.getvalue()))
    header = parts[b"IHDR"]
    header = header[:12] + height.to_bytes(4, "big") + header[16:-4]
    header += zlib.crc32(header[4:]).to_bytes(4, "big")
    row, packer = bytes(1 + 3 * width), zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    data = b"IDAT" + packed
    data = len(packed).to_bytes(4, "big") + data + zlib.crc32(data).to_bytes(4, "big")
    return b"\x89PNG\r\n\x1a\n" + header + data


@pytest.mark.fault("R3", "12")
def test_eight_bombs_in_a_folder_are_decoded_within_the_budget(tmp_path):
    (tmp_path / "data").mkdir()
    content = bomb(6000, 6000)  # 36 million pixels, which are decoded in 252 MB
    assert len(content) < 120_000
    for number in range(8):
        (tmp_path / f"data/{number}.png").write_bytes(content)
    Image.new("RGB", (9, 9)).save(tmp_path / "small.png")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, tmp_path / "data", tmp_path / "small.png"],
        capture_output=True, text=True, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    megabytes, found = map(int, done.stdout.split())
    # Of the 512 MB that all threads have, one takes 252.
    assert found == 8 and megabytes < 700


@pytest.mark.filterwarnings("ignore:Image size:PIL.Image.DecompressionBombWarning")
@pytest.mark.fault("R3", "12")
def test_files_too_small_for_their_pictures_are_refused(tmp_path):
    file = io.BytesIO()
    Image.new("RGB", (9999, 9999)).save(file, "WEBP", lossless=True)
    assert len(file.getvalue()) < 5000
    for read in (read_image, read_header):
        with pytest.raises(DataError, match="of 99,980,001 pixels, and no picture is so empty"):
            read(file.getvalue())
    Path(tmp_path / "small.webp").write_bytes(file.getvalue())
    with pytest.raises(DataError, match="small.webp has"):
        read_image(tmp_path / "small.webp")
    # Empty pictures of usual sizes are taken.
    file = io.BytesIO()
    Image.new("RGB", (3000, 2000)).save(file, "WEBP", lossless=True)
    assert read_image(file.getvalue()).shape == (2000, 3000, 3)
