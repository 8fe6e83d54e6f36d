"""For programs that send images to a served generator."""

import io
from pathlib import Path

from PIL import Image

from tfi2i.data.decode.images import read_image


def prepare(source: str | Path | bytes, *, channels: int = 3) -> bytes:
    """Makes the PNG that the signature `serving_bytes` takes from any image file.

    It reads the file as training and translating do (`tfi2i.data.read_image`): orientation from
    EXIF and colour profiles are applied, any CMYK is resolved, and TIFF, WebP, GIF and BMP are
    understood. The graph on the server can do none of that.

    Args:
        source: path or content of an image file.
        channels: channels of the generator's input, 1 or 3.

    Returns:
        An encoded PNG. For TF Serving's REST interface send
        `{"signature_name": "serving_bytes", "instances": [{"b64": base64 of it}]}`.

    Raises:
        DataError: the file is not an image, or exceeds the limits of `read_image`.
    """
    pixels = read_image(source, channels=channels)
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(buffer, "PNG")
    return buffer.getvalue()
