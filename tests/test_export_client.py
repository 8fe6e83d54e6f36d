"""The client's helper, for programs beside which no TensorFlow is installed."""

import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from tfi2i.data import EIGHT_BITS, read_image
from tfi2i.errors import ExportError
from tfi2i.export.client import Served
from tfi2i.export.metadata import METADATA_FILE


def test_exports_of_earlier_versions_take_8_bits(tmp_path):
    (tmp_path / METADATA_FILE).parent.mkdir()
    facts = {"value_range": [0, 255], "input_channels": 1, "output_channels": 3}
    (tmp_path / METADATA_FILE).write_text(json.dumps({"model": {}, "export": facts}))
    assert Served.of(tmp_path) == Served(1, 3, EIGHT_BITS, EIGHT_BITS)
    with pytest.raises(ExportError, match="not a SavedModel of tfi2i"):
        Served.of(tmp_path / "assets.extra")


def test_it_needs_numpy_and_pillow_alone(tmp_path):
    picture = tmp_path / "photo.webp"
    Image.fromarray(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).save(picture, lossless=True)
    program = (
        "import sys\n"
        "for heavy in ('tensorflow', 'keras', 'h5py', 'rich', 'typer'):\n"
        "    sys.modules[heavy] = None\n"  # Importing it raises.
        "from tfi2i.export.client import prepare\n"
        f"sys.stdout.buffer.write(prepare({str(picture)!r}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    np.testing.assert_array_equal(read_image(done.stdout), read_image(picture))
