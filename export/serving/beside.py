"""What a server is started with: which models there are, and the image that serves them."""

import os
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfi2i.export.serving.readme import readme

# It loads what TensorFlow 2.21 saves. Another tag or registry: change it here in compose.yaml.
IMAGE = "tensorflow/serving:2.20.0"
MODELS_CONFIG = "models.config"
COMPOSE = "compose.yaml"
README = "README.md"
# Prepares weights once, and not for every image (docs/speed.md).
ENVIRONMENT = {"TF_ONEDNN_ASSUME_FROZEN_WEIGHTS": "1"}
_PORTS = {8500: "gRPC", 8501: "REST"}
_FLAGS = (
    f"--model_config_file=/models/{MODELS_CONFIG}",
    # A further export into this folder is served without a restart.
    "--model_config_file_poll_wait_seconds=60",
    "--enable_batching",
    # Only models with a batching_params.pbtxt beside their graph put requests together.
    "--enable_per_model_batching_parameters",
)


def write_beside(folder: Path, served: Path, reports: Mapping[str, Any]) -> None:
    """Writes what a server is started with, and a README beside each model.

    Args:
        folder: Of the export; gets `compose.yaml`.
        served: Below it, with a folder of versions for each model; gets `models.config`, and each
            model a `README.md`, which servers ignore.
        reports: Parity reports of what was exported now, by the names of models.

    Raises:
        OSError: A file cannot be written.
    """
    for name, report in reports.items():
        version = served / name / str(max(_versions(served / name)))
        _write(served / name / README, readme(version, report, docker_command(served.name)))
    models = sorted(path.name for path in served.iterdir() if _versions(path))
    _write(served / MODELS_CONFIG, models_config(models))
    _write(folder / COMPOSE, compose(served.name))


def models_config(models: list[str]) -> str:
    """A ModelServerConfig in protobuf's text form: of each model the newest version is served."""
    entries = [
        f'  config {{\n    name: "{name}"\n    base_path: "/models/{name}"\n'
        '    model_platform: "tensorflow"\n  }\n'
        for name in models
    ]
    return f"model_config_list {{\n{''.join(entries)}}}\n"


def docker_command(served: str) -> str:
    """The one command that starts the official image, from the folder of the export."""
    ports = " ".join(f"-p 127.0.0.1:{port}:{port}" for port in _PORTS)
    variables = " ".join(f"-e {name}={value}" for name, value in ENVIRONMENT.items())
    flags = " \\\n  ".join(_FLAGS)
    return (
        f'docker run --rm {ports} -v "$PWD/{served}:/models:ro" \\\n'
        f"  {variables} {IMAGE} \\\n  {flags}"
    )


def compose(served: str) -> str:
    """The same for `docker compose up`."""
    lines = [
        "# docker compose up",
        "# TF Serving asks nobody who they are: ports are open to this machine only.",
        "services:",
        "  serving:",
        f"    image: {IMAGE}",
        "    command:",
        *(f"      - {flag}" for flag in _FLAGS),
        "    environment:",
        *(f'      {name}: "{value}"' for name, value in ENVIRONMENT.items()),
        "    ports:",
        *(f'      - "127.0.0.1:{port}:{port}" # {what}' for port, what in _PORTS.items()),
        "    volumes:",
        f"      - ./{served}:/models:ro",
        "    restart: unless-stopped",
    ]
    return "\n".join(lines) + "\n"


def _versions(model: Path) -> list[int]:
    """Numbers of the versions of a model."""
    if not model.is_dir():
        return []
    return [int(path.name) for path in model.iterdir() if re.fullmatch(r"[0-9]+", path.name)]


def _write(path: Path, text: str) -> None:
    """Replaces a file at once: a server may be reading it."""
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
