#!/bin/sh
# Makes tests/data/tfa_parity.npz anew: the numbers of tensorflow-addons 0.23.0 that tests/test_layers_tfa.py
# compares the layers with. The old versions live in a virtual environment of their own, in a temporary folder
# that is removed afterwards. Needs Python 3.11 and about 3 GB of disk while it runs.
#
#     tools/parity_tfa/make_numbers.sh            (PYTHON=/path/to/python3.11 to name another one)
set -eu
cd "$(dirname "$0")/../.."
python=${PYTHON:-python3.11}
"$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || {
    echo "tensorflow-addons 0.23.0 needs Python 3.11; set PYTHON to one." >&2
    exit 1
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
echo "Installing tensorflow 2.15.1 and tensorflow-addons 0.23.0 in $folder"
"$python" -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check \
    "tensorflow==2.15.1" "tensorflow-addons==0.23.0" "numpy==1.26.4"
TF_CPP_MIN_LOG_LEVEL=3 "$folder/bin/python" tools/parity_tfa/make_numbers.py tests/data/tfa_parity.npz
