"""The Dockerfiles name what there is. They are built nowhere here."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tfi2i.export.serving.beside import compose

ROOT = Path(__file__).parents[1]
DOCKER = ROOT / "docs" / "docker"
HADOLINT = shutil.which("hadolint", path=Path(sys.executable).parent) or shutil.which("hadolint")


def instructions(name: str) -> list[tuple[str, str]]:
    """Each instruction with what follows it, continued lines joined."""
    text = (DOCKER / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and line[0] != "#"]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def of(name: str, word: str) -> list[str]:
    return [rest for instruction, rest in instructions(name) if instruction == word]


@pytest.mark.skipif(HADOLINT is None, reason="hadolint is not installed")
@pytest.mark.parametrize("name", ["training.Dockerfile", "serving.Dockerfile"])
def test_hadolint_finds_nothing(name):
    done = subprocess.run([str(HADOLINT), DOCKER / name], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_container_for_training_is_built_from_what_a_package_is():
    name = "training.Dockerfile"
    copied = [source for line in of(name, "COPY") for source in line.split()[:-1]]
    assert {"tfi2i", "zoo", "export", "setup.py", "pyproject.toml"} <= set(copied)
    assert all((ROOT / source).exists() for source in copied)
    allowed = (DOCKER / f"{name}.dockerignore").read_text(encoding="utf-8").splitlines()
    assert [f"!{source}" for source in copied] == [line for line in allowed if line[:1] == "!"]

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (image,) = of(name, "FROM")
    version = image.removeprefix("python:").removesuffix("-slim")
    assert f"Programming Language :: Python :: {version}" in project["classifiers"]
    installed = " ".join(of(name, "RUN"))
    (extras,) = re.findall(r"'\.\[(.*?)\]'", installed)
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
    (tensorflow,) = re.findall(r"tensorflow\[and-cuda\]==(\d+\.\d+)", installed)
    assert f"tensorflow>={tensorflow}" in project["dependencies"]


def test_the_container_for_serving_starts_as_an_export_says():
    name = "serving.Dockerfile"
    service = yaml.safe_load(compose("saved_model"))["services"]["serving"]
    assert of(name, "FROM") == [service["image"]]
    assert of(name, "ENV") == [f"{key}={value}" for key, value in service["environment"].items()]
    (started,) = map(json.loads, of(name, "ENTRYPOINT"))
    # Models inside an image do not change, so that nobody need look for new ones.
    wanted = [flag for flag in service["command"] if "poll" not in flag]
    assert set(wanted) < set(started)
    ports = {port.split(":")[1] for port in service["ports"]}
    assert ports == set(of(name, "EXPOSE")[0].split())
    assert {f"--port={min(ports)}", f"--rest_api_port={max(ports)}"} <= set(started)
    assert of(name, "COPY") == ["saved_model /models"]
