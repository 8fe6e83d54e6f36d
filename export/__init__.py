"""What ships: SavedModel for TF Serving, LiteRT files for phones, and proof that they agree."""

from tfi2i.export.litert import export_litert
from tfi2i.export.parity import parity_report, parity_table
from tfi2i.export.saved_model import export_saved_model, read_metadata

__all__ = [
    "export_litert",
    "export_saved_model",
    "parity_report",
    "parity_table",
    "read_metadata",
]
