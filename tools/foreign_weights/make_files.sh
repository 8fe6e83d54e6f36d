#!/bin/sh
# Makes tests/data/foreign anew: weight files as the PyTorch implementation of pix2pix and CycleGAN and
# TensorFlow's tutorial write them, and what their networks make of one image. PyTorch is the one of the
# peers; TensorFlow 2.15, with Keras 2, goes to a temporary folder that is removed afterwards.
#
#     tools/foreign_weights/make_files.sh photo.jpg      (PYTHON=/path/to/python3.11 to name another one)
set -eu
cd "$(dirname "$0")/../.."
python=${PYTHON:-python3.11}
image=${1:?name an image: tools/foreign_weights/make_files.sh photo.jpg}
"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || {
    echo "TensorFlow 2.15 needs Python 3.11 or older; set PYTHON to 3.11." >&2
    exit 1
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check Pillow
.venv-peers/bin/python tools/foreign_weights/make_torch_files.py tests/data/foreign "$image"
echo "Installing tensorflow 2.15.1 in $folder"
"$python" -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check "tensorflow-cpu==2.15.1" "numpy==1.26.4" Pillow
TF_CPP_MIN_LOG_LEVEL=3 "$folder/bin/python" tools/foreign_weights/make_tutorial_files.py tests/data/foreign "$image"
