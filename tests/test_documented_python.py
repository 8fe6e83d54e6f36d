"""The Python of README, pages and cards runs, or says why not; all calls fit what they call."""

import ast
import functools
import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tfi2i.training import GAN
from tfi2i.zoo.catalogue import variants

REPOSITORY = Path(__file__).parents[1]
SMALL = "crop_size=32, filters=8, discriminator_filters=8"
SIZES = "load_size=32), load_size=32, crop_size=32"
# Pages whose Python runs, one block after the other but those that say why not, and what is smaller
# here than there.
RUN: dict[str, dict[str, str]] = {
    "README.md": {
        "crop_size=256": SMALL,
        'open_source("facades")': f'open_source("facades", {SIZES}',
        "steps_per_epoch=400, epochs=200": "steps_per_epoch=1, epochs=1",
    },
    "docs/guide/start.md": {},
    "docs/depth.md": {},
    "docs/fine_tuning.md": {"steps_per_epoch=80": "steps_per_epoch=1"},
}
CARDS = [variant.folder / "README.md" for variant in variants()]
BLOCK = re.compile(
    r"(<!-- not run by the suite: [^>]+ -->\n)?^( *)```python\n(.*?)^ *```", re.M | re.S
)


def blocks(page: Path) -> list[tuple[str, str]]:
    """Each block of Python with the reason why it is not run, or an empty one."""
    found = BLOCK.findall(page.read_text("utf-8"))
    return [(why, re.sub(rf"^{indent}", "", code, flags=re.M)) for why, indent, code in found]


def pages() -> list[Path]:
    there = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]
    return [page for page in there if "docs/api" not in page.as_posix() and blocks(page)]


@pytest.mark.parametrize("name", RUN)
def test_the_python_of_a_page_runs(name, paired_folder, tmp_path, monkeypatch):
    # Without a graph, whose tracing takes longer than two steps.
    monkeypatch.setattr(GAN, "compile", functools.partialmethod(GAN.compile, run_eagerly=True))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "facades").symlink_to(paired_folder)
    Image.open(next((paired_folder / "A" / "test").iterdir())).save("label.png")
    names: dict[str, Any] = {}
    for code in [code for why, code in blocks(REPOSITORY / name) if not why]:
        for there, here in RUN[name].items():
            assert code.count(there) == 1, f"{name} has no {there} any more"
            code = code.replace(there, here)
        exec(compile(code, name, "exec"), names)
    if "model" in names:
        assert int(names["model"].iteration.numpy()) > 0
    if "picture" in names:
        assert names["picture"].dtype == np.uint8 and Path("my_model/model.json").is_file()
    made = {"docs/depth.md": "cells/B/test/07.tif"}.get(name, ".")
    assert Path(made).exists()


def test_other_pages_say_why_their_python_is_not_run():
    for page in pages():
        name = page.relative_to(REPOSITORY).as_posix()
        for why, code in blocks(page):
            assert why or name in RUN, f"{name}: mark or run\n{code}"


@pytest.mark.parametrize("page", [*pages(), *CARDS], ids=lambda page: page.parent.name + page.stem)
def test_calls_fit_what_they_call(page):
    for _, code in blocks(page):
        check_calls(code)


def test_a_call_that_does_not_fit_is_noticed():
    head = "from tfi2i.zoo.paired.pix2pix import Pix2Pix\nmodel = Pix2Pix({})\n{}"
    check_calls(head.format("crop_size=64", "model.sample_size = 3"))
    with pytest.raises(TypeError, match="no_such"):
        check_calls(head.format("", "model.translate('x.png', no_such=1)"))
    with pytest.raises(AssertionError, match="no no_such_method"):
        check_calls(head.format("", "model.no_such_method()"))


def check_calls(code: str) -> None:
    """Imported names exist, and functions, classes and a model's methods take what they get."""
    tree = ast.parse(code)
    names = imported(tree)
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        called = resolved(call.func, names)
        if called is not None and not any(isinstance(a, ast.Starred) for a in call.args):
            words = {word.arg: None for word in call.keywords if word.arg}
            inspect.signature(called).bind(*call.args, **words)


def imported(tree: ast.Module) -> dict[str, Any]:
    """What the block's imports bring, and `model` as a value of the variant's class."""
    names: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(str(node.module))
            names |= {one.asname or one.name: getattr(module, one.name) for one in node.names}
        elif isinstance(node, ast.Import):
            names |= {
                one.asname or one.name: importlib.import_module(one.name) for one in node.names
            }
    classes = [one for one in names.values() if inspect.isclass(one) and issubclass(one, GAN)]
    if classes:
        names["model"] = object.__new__(classes[0])
    return names


def resolved(node: ast.expr, names: dict[str, Any]) -> Any:
    """What a call of tfi2i calls; None for what is not known before the code runs."""
    if isinstance(node, ast.Name):
        return names.get(node.id) if ours(names.get(node.id)) else None
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        owner = names.get(node.value.id)
        if owner is None:
            return None
        if inspect.ismodule(owner) or inspect.isclass(owner):
            found = getattr(owner, node.attr)
        else:  # a method, of a model that was not built
            assert hasattr(type(owner), node.attr), f"{type(owner).__name__} has no {node.attr}"
            found = functools.partial(getattr(type(owner), node.attr), None)
            return found if ours(found.func) else None
        return found if ours(found) else None
    return None


def ours(one: Any) -> bool:
    return (getattr(one, "__module__", None) or "").startswith("tfi2i")
