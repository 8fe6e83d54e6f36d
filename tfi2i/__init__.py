"""tfi2i: image-to-image GANs for Keras.

`import tfi2i` is quick: no public name below is imported before it is used (PEP 562), and so
neither are TensorFlow and Keras. To make a name public, add it to `_HOMES` and to the imports that
editors and type checkers read.
"""

from typing import TYPE_CHECKING

from tfi2i.lazy import lazy_names
from tfi2i.machine import prefer_onednn

if TYPE_CHECKING:
    from tfi2i.data import open_source, read_image, training_batches, write_image
    from tfi2i.importing import import_weights
    from tfi2i.inference.files import translate_files
    from tfi2i.inference.translate import translate_image
    from tfi2i.metrics import evaluate
    from tfi2i.training.files.publishing import upload_preset
    from tfi2i.zoo.catalogue import from_preset, load

__version__ = "0.1.0"

# Here already, because TensorFlow reads the setting once, when it is imported.
prefer_onednn()

__all__ = [
    "evaluate",
    "from_preset",
    "import_weights",
    "load",
    "open_source",
    "read_image",
    "training_batches",
    "translate_files",
    "translate_image",
    "upload_preset",
    "write_image",
]

# Public name -> the module that defines it.
_HOMES = {
    "open_source": "tfi2i.data",
    "training_batches": "tfi2i.data",
    "read_image": "tfi2i.data",
    "write_image": "tfi2i.data",
    "translate_image": "tfi2i.inference.translate",
    "translate_files": "tfi2i.inference.files",
    "evaluate": "tfi2i.metrics",
    "load": "tfi2i.zoo.catalogue",
    "from_preset": "tfi2i.zoo.catalogue",
    "import_weights": "tfi2i.importing",
    "upload_preset": "tfi2i.training.files.publishing",
}
_SUBPACKAGES = ("data", "export", "layers", "losses", "metrics", "networks", "training", "zoo")

__getattr__, __dir__ = lazy_names(__name__, _HOMES, _SUBPACKAGES)
