"""The README and the guide say what the program does: commands, settings, links."""

import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer.main
from PIL import Image

from tfi2i import cli
from tfi2i.recipe import Recipe, section_parameters
from tfi2i.zoo.catalogue import find_variant
from tools.readme_picture import PICTURE, readme_picture

REPOSITORY = Path(__file__).parents[1]
README = REPOSITORY / "README.md"
GUIDE = sorted((REPOSITORY / "docs" / "guide").glob("*.md"))
PAGES = [README, *GUIDE, *(REPOSITORY / "docs").glob("*.md")]


def blocks(page: Path, language: str) -> list[str]:
    """The blocks of one language, without the indent of a list."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", page.read_text("utf-8"), re.M | re.S)
    return [re.sub(rf"^{indent}", "", text, flags=re.M) for indent, text in found]


def commands(page: Path) -> list[list[str]]:
    """The words of every command `tfi2i` on a page."""
    lines = "".join(blocks(page, "sh")).replace("\\\n", " ").splitlines()
    split = [shlex.split(line, comments=True) for line in lines]
    return [words for words in split if words and words[0] == "tfi2i"]


def parsed(words: list[str]) -> Any:
    """What the command line makes of the words; it raises where an option is unknown."""
    group: Any = typer.main.get_command(cli.app)
    return group.commands[words[1]].make_context(words[1], list(words[2:])).params


@pytest.mark.parametrize("page", [README, *GUIDE], ids=lambda page: page.name)
def test_every_command_is_one_that_there_is(page):
    for words in commands(page):
        options = parsed(words)
        if words[1] != "train" or options["resume"]:
            continue
        variant = find_variant(options["variant"])
        tables = section_parameters(variant.load_class())
        for override in options["overrides"] or []:
            section, key = override.split("=")[0].split(".")
            assert key in tables[section], f"{variant.name} has no {section}.{key}"
        if options["recipe"]:
            assert variant.recipe_path(options["recipe"]).is_file()
        Recipe(variant.name, data={"source": "x"}).with_overrides(options["overrides"] or [])


def test_a_command_that_does_not_exist_is_noticed():
    with pytest.raises(Exception, match="--no-such-option"):
        parsed(["tfi2i", "evaluate", "--no-such-option"])


def test_links_lead_somewhere():
    for page in PAGES:
        text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text("utf-8"), flags=re.S)
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_readme_fits_a_screen_and_shows_what_the_cards_show():
    lines = README.read_text("utf-8").splitlines()
    assert len(lines) < 90
    assert "pictures.jpg" in "".join(lines)
    shown, made = Image.open(PICTURE).convert("RGB"), readme_picture()
    assert shown.size == made.size
    off = np.abs(np.asarray(shown, np.float32) - np.asarray(made, np.float32))
    assert off.mean() < 3, "run: python -m tools.readme_picture"
