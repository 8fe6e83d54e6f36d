"""The package as its users get it: a wheel, installed, and used from another directory."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import tfi2i

ROOT = Path(__file__).parent.parent
# Where folders of the repository are in a wheel.
PLACES = {"tfi2i": "tfi2i", "zoo": "tfi2i/zoo", "export": "tfi2i/export"}
SUFFIXES = (".py", ".yaml", ".json", ".html", ".css", ".js", ".svg", ".jpg", ".png")


def run(*command, cwd):
    """Runs a command outside of the repository; its output, or a failure that shows it."""
    # Without what points back into the repository, and at a width where help texts do not break.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | {"COLUMNS": "120"}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy: setuptools would leave its build folder in the repository."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in PLACES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    target = tmp_path_factory.mktemp("wheel")
    build = ("-m", "build", "--wheel", "--no-isolation", "--outdir", target, source)
    run(sys.executable, *build, cwd=source)
    (built,) = target.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory):
    """The Python of a fresh environment that has the wheel, and borrows what it depends on."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    install = ("-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel)
    run(sys.executable, *install, cwd=folder)
    # Files named .pth in a borrowed folder are not read: the editable tfi2i stays out.
    (site_packages(python) / "borrowed.pth").write_text(
        "\n".join({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    )
    return python


def site_packages(python):
    (folder,) = python.parent.parent.glob("lib/python*/site-packages")
    return folder


def test_wheel_holds_every_module_and_data_file(wheel):
    expected = {
        f"{place}/{path.relative_to(ROOT / folder).as_posix()}"
        for folder, place in PLACES.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
        and (path.suffix in SUFFIXES or path.name == "README.md" or "weights" in path.parts)
    }
    assert {"tfi2i/zoo/catalogue.py", "tfi2i/export/litert.py"} < expected
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == expected


def test_an_index_can_show_the_description(wheel):
    """It has the README's words, and nothing that only the repository has."""
    archive = zipfile.ZipFile(wheel)
    (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    head, _, shown = archive.read(metadata).decode("utf-8").partition("\n\n")
    assert "Description-Content-Type: text/markdown" in head
    assert "make demo" in shown and "a folder for each of several classes" in shown
    assert "stargan" in shown and "Translations are of" not in shown
    assert not re.findall(r"!\[|<img|\]\((?!https?:)", shown)


def test_nothing_beside_tfi2i_is_installed(python):
    found = {path.name for path in site_packages(python).iterdir()}
    assert found == {"tfi2i", f"tfi2i-{tfi2i.__version__}.dist-info", "borrowed.pth"}


def test_imports_from_another_directory(python, tmp_path):
    code = """
import json, sys
import tfi2i
heavy = [name for name in ("tensorflow", "keras", "numpy") if name in sys.modules]
import tfi2i.zoo, tfi2i.export
import tfi2i.zoo.catalogue
recipes = [str(v.recipe_path(r)) for v in tfi2i.zoo.catalogue.variants() for r in v.recipes]
for variant in tfi2i.zoo.catalogue.variants():
    variant.load_class()
for name in tfi2i.__all__:
    getattr(tfi2i, name)
doubles = [name for name in ("zoo", "export") if name in sys.modules]
print(json.dumps([tfi2i.__file__, heavy, recipes, doubles]))
"""
    home, heavy, recipes, doubles = json.loads(run(python, "-c", code, cwd=tmp_path))
    assert Path(home).is_relative_to(site_packages(python))
    assert heavy == []
    assert doubles == []
    assert recipes
    assert all(Path(recipe).is_relative_to(site_packages(python)) for recipe in recipes)


def test_command_line_helps_without_tensorflow(python, tmp_path):
    text = run(python.parent / "tfi2i", "--help", cwd=tmp_path)
    for command in ("train", "translate", "evaluate", "export", "list", "demo"):
        assert re.search(rf"\b{command}\b", text), text
    assert run(python, "-m", "tfi2i", "--version", cwd=tmp_path).split() == [
        "tfi2i",
        tfi2i.__version__,
    ]
    code = "import sys, tfi2i.cli; print([m for m in ('tensorflow', 'keras') if m in sys.modules])"
    assert run(python, "-c", code, cwd=tmp_path).strip() == "[]"


def test_public_names():
    assert sorted(tfi2i._HOMES) == tfi2i.__all__
    assert set(tfi2i.__all__) | {"layers", "__version__"} <= set(dir(tfi2i))
    assert tfi2i.translate_image.__module__ == "tfi2i.inference.translate"
    assert tfi2i.losses.__name__ == "tfi2i.losses"
    with pytest.raises(AttributeError, match="has no attribute 'cyclegan'"):
        _ = tfi2i.cyclegan


@pytest.mark.fault("28")
def test_errors_name_extras_that_exist():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    sources = [path.read_text() for folder in PLACES for path in (ROOT / folder).rglob("*.py")]
    # The last word of a call; or of a file that comes with a package.
    raised = re.findall(r'raise MissingExtraError\([^\n]*"([\w-]+)"\)', "\n".join(sources))
    named = {*raised, *re.findall(r'\bextra="([\w-]+)"', "\n".join(sources))}
    assert {"earth", "hub", "litert", "metrics", "style", "tfds"} <= named
    assert named <= set(extras)
