"""For programs that send images to a served generator."""

import io
from pathlib import Path

from PIL import Image

from tfi2i.data.images import read_image


def prepare(source: str | Path | bytes, *, channels: int = 3) -> bytes:
    """Makes of any image file the PNG that the signature `serving_bytes` takes.

    Reads it as training and translating do (`tfi2i.data.read_image`): orientation from EXIF and
    colour profiles applied, any CMYK resolved, TIFF, WebP, GIF and BMP understood. The graph on
    the server can do none of that.

    Args:
        source: path or content of an image file.
        channels: of the generator's input, 1 or 3.

    Returns:
        An encoded PNG. For TF Serving's REST interface send
        `{"signature_name": "serving_bytes", "instances": [{"b64": base64 of it}]}`.

    Raises:
        DataError: the file is no image, or above the limits of `read_image`.
    """
    pixels = read_image(source, channels=channels)
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(buffer, "PNG")
    return buffer.getvalue()
