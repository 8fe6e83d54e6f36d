"""The client's helper, for programs beside which no TensorFlow is installed."""

import subprocess
import sys

import numpy as np
from PIL import Image

from tfi2i.data import read_image


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
