"""What ships: SavedModel for TF Serving, LiteRT files for phones, and proof that they agree.

A public name is imported when it is first used: `tfi2i.export.client`, for programs that send
images to a server, needs neither TensorFlow nor Keras.
"""

from typing import TYPE_CHECKING

from tfi2i.lazy import lazy_names

if TYPE_CHECKING:
    from tfi2i.export.litert import export_litert
    from tfi2i.export.metadata import read_metadata
    from tfi2i.export.parity import parity_report, parity_table
    from tfi2i.export.saved_model import export_saved_model

__all__ = [
    "export_litert",
    "export_saved_model",
    "parity_report",
    "parity_table",
    "read_metadata",
]

# Public name -> the module that defines it.
_HOMES = {
    "export_litert": "tfi2i.export.litert",
    "export_saved_model": "tfi2i.export.saved_model",
    "parity_report": "tfi2i.export.parity",
    "parity_table": "tfi2i.export.parity",
    "read_metadata": "tfi2i.export.metadata",
}

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
