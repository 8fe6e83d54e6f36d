"""Pictures with an ICC profile, such as Display P3 or Adobe RGB, become sRGB."""

import io
from functools import lru_cache

from PIL import Image, ImageCms

_SRGB = ImageCms.createProfile("sRGB")
_MODES = ("L", "RGB", "CMYK")


def in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Converts the colours of a picture without transparency.

    Args:
        image: a picture of any mode.
        profile: the ICC profile that the file carries, None for none.

    Returns:
        The picture as RGB in sRGB. It is returned as it is where there is no profile, or where the
        profile is sRGB itself, cannot be read, or describes other channels than the picture's. Such
        a profile states nothing, and pictures without one are taken for sRGB too.
    """
    if not profile:
        return image
    if image.mode not in _MODES:
        image = image.convert("RGB")
    transform = _to_srgb(profile, image.mode)
    return image if transform is None else transform.apply(image)


@lru_cache(maxsize=16)
def _to_srgb(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The conversion, or None where there is nothing to convert."""
    try:
        described = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(described):
            return None
        return ImageCms.buildTransform(described, _SRGB, mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
