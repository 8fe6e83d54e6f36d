"""Weights that other implementations of the zoo's papers trained, as models of the zoo."""

from tfi2i.importing.importing import Imported, import_weights

__all__ = ["Imported", "import_weights"]
