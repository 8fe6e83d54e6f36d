"""Pictures of 16 bits for tests, made from the specification of PNG and from waves."""

import struct
import zlib

import numpy as np


def picture(seed: int, channels: int, top: int = 4095, side: int = 40) -> np.ndarray:
    """Smooth uint16 pixels from 0 to `top`."""
    draw = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side][..., None] / side
    waves = np.sin(2 * np.pi * (draw.random(channels) + y * draw.random(channels) * 2 + x))
    return np.rint((waves + 1) / 2 * top).astype(np.uint16)


def png(pixels: np.ndarray, colour_type: int, *before_pixels: tuple[bytes, bytes]) -> bytes:
    """A PNG of 16 bits, made from its specification."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    height, width = pixels.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    chunks = ((b"IHDR", header), *before_pixels, (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*one) for one in chunks)
