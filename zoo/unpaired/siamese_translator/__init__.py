"""SiameseTranslator."""

from tfi2i.zoo.unpaired.siamese_translator.model import SiameseTranslator

__all__ = ["SiameseTranslator"]
