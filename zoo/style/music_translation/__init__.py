"""Music translation."""

from tfi2i.zoo.style.music_translation.model import MusicTranslation

__all__ = ["MusicTranslation"]
