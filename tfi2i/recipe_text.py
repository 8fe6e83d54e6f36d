"""YAML as recipes have it: tables, lists, plain values. No small text becomes a large one."""

import re
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError

from tfi2i.errors import RecipeError
from tfi2i.recipe_values import shown

_LARGEST = 100_000
_DEEPEST = 20
_LONGEST_MESSAGE = 300


def read_recipe_file(path: Path) -> Any:
    """What a file says.

    Raises:
        RecipeError: If it cannot be read, or is not YAML as `parse` takes it.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise RecipeError(f"cannot read the recipe {path}: {error.strerror}") from None
    try:
        text = content[:_LARGEST].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecipeError(
            f"{path} is not UTF-8 text (byte {error.start}): save it in that encoding"
        ) from None
    if len(content) > _LARGEST:
        raise RecipeError(f"{path} is no recipe: it is larger than {_LARGEST:,} bytes")
    return parse(text, str(path))


def parse(text: str, where: str) -> Any:
    """Reads YAML: text, numbers, true, false and null, in lists and tables whose keys are text.

    Args:
        text: The YAML.
        where: What it is, for messages.

    Raises:
        RecipeError: In one line of bounded length. Anchors, tags, repeated keys and deep nesting
            are refused: no recipe needs them.
    """
    try:
        return yaml.load(text, Loader=_RecipeLoader)
    except (yaml.YAMLError, ValueError) as error:
        words = " ".join(str(error).split())
        if len(words) > _LONGEST_MESSAGE:
            words = f"{words[:_LONGEST_MESSAGE]}..."
        raise RecipeError(f"{where} is not valid YAML for a recipe: {words}") from None


class _RecipeLoader(yaml.SafeLoader):
    """SafeLoader that reads 2e-4 as a number, dates and 1:59 as text, and refuses some more."""

    depth = 0

    def compose_node(self, parent, index):
        event = self.peek_event()
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            raise ComposerError(None, None, "anchors are refused", event.start_mark)
        if getattr(event, "tag", None):
            raise ComposerError(None, None, "tags are refused", event.start_mark)
        if self.depth >= _DEEPEST:
            raise ComposerError(None, None, "too deep", event.start_mark)
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True)
            if not isinstance(name, str):
                problem = f"a key must be text, got {shown(name)}"
                raise ConstructorError(None, None, problem, key.start_mark)
            if name in seen:
                problem = f"the key {shown(name)} is there twice"
                raise ConstructorError(None, None, problem, key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep=deep)


_RecipeLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if not tag.endswith((":timestamp", ":merge", ":int", ":float"))
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
# As YAML 1.1 has them, but for numbers to the base 60: 1:59 is a range.
for _tag, _pattern in (
    ("int", r"[-+]?(0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+)"),
    ("float", r"[-+]?([0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*|\d+(?=[eE]))([eE][-+]?\d+)?"),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
):
    _RecipeLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"^({_pattern})$"), list("-+0123456789.")
    )
