"""Networks in TensorFlow's checkpoints, layer by layer; nothing of them is run.

Keras 2 and Keras 3 name the same variables in different ways, and under whatever object refers to
them first. A checkpoint also holds the graph of its objects: along that, a network's layers have an
order in both.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf import trackable_object_graph_pb2

from tfi2i.errors import WeightsError

_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
_VALUE = "VARIABLE_VALUE"
_KERAS_2 = re.compile(r"layer_with_weights-(\d{1,4})", re.ASCII)
# Models in models: a generator holds blocks, and a block layers.
_DEEPEST = 8
# What TensorFlow's reader raises, by what is wrong.
_DAMAGED = (tf.errors.OpError, ValueError, RuntimeError, TypeError, LookupError)

Layer = dict[str, np.ndarray]


def checkpoint_at(path: Path) -> Path | None:
    """The prefix of a checkpoint's files, by any of the names that users give it.

    Args:
        path: A folder with checkpoints, of which the newest is taken; a SavedModel's folder, whose
            variables are a checkpoint; a checkpoint's prefix, or one of its files.

    Returns:
        The prefix, or None if there is no checkpoint.

    Raises:
        WeightsError: A folder has several, and nothing says which is the newest.
    """
    if path.is_dir():
        newest = tf.train.latest_checkpoint(str(path))
        return Path(newest) if newest else _only_checkpoint(path)
    prefix = Path(re.sub(r"\.(index|data-\d{5}-of-\d{5})$", "", str(path)))
    return prefix if _index(prefix).is_file() else None


def _only_checkpoint(folder: Path) -> Path | None:
    """That of a folder without the file `checkpoint`, which names the newest."""
    found = sorted([*folder.glob("*.index"), *folder.glob("variables/variables.index")])
    if len(found) > 1:
        raise WeightsError(
            f"{folder} has {len(found)} checkpoints, and no file `checkpoint` that says which is "
            f"the newest: name one, such as {found[-1]}"
        )
    return found[0].with_suffix("") if found else None


def _index(prefix: Path) -> Path:
    return prefix.with_name(f"{prefix.name}.index")


class Checkpoint:
    """A checkpoint's objects.

    Args:
        prefix: Of its files.

    Raises:
        WeightsError: It is damaged, or was not written by `tf.train.Checkpoint`.
    """

    def __init__(self, prefix: Path):
        self.prefix = prefix
        self._graph = trackable_object_graph_pb2.TrackableObjectGraph()
        try:
            self._reader = tf.train.load_checkpoint(str(prefix))
            content = self._reader.get_tensor(_GRAPH)
            self._graph.ParseFromString(content)
        except (*_DAMAGED, DecodeError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> WeightsError:
        reason = str(error).strip().split("\n")[0][:200]
        return WeightsError(
            f"{self.prefix} is damaged, or no checkpoint of tf.train.Checkpoint ({reason}): copy "
            "its .index and .data files again"
        )

    def names(self) -> list[str]:
        """What was saved: `generator`, `generator_g`, ...; of a SavedModel its parts."""
        return list(self._children(0)) if self._graph.nodes else []

    def layers(self, *names: str) -> list[Layer]:
        """The layers with weights of an object, in order.

        Args:
            *names: The way to the object; none for all that was saved.

        Returns:
            For each layer the arrays by the names of its variables.

        Raises:
            WeightsError: There is no such object, or the file is damaged.
        """
        node = 0
        try:
            for name in names:
                node = self._children(node)[name]
            return [
                {name: self._reader.get_tensor(key) for name, key in keys.items()}
                for keys in self._layers(node, 0)
            ]
        except _DAMAGED as error:
            raise self._damaged(error) from error

    def _children(self, node: int) -> dict[str, int]:
        return {child.local_name: child.node_id for child in self._graph.nodes[node].children}

    def _layers(self, node: int, level: int) -> Iterator[dict[str, str]]:
        """Of each layer the names of its variables and their keys."""
        if level > _DEEPEST:
            raise ValueError("its layers lie too deep")
        children = self._children(node)
        found = ((_KERAS_2.fullmatch(name), child) for name, child in children.items())
        numbered = {int(match[1]): child for match, child in found if match}
        if not numbered and "_operations" in children:
            listed = self._children(children["_operations"])
            numbered = {int(name): child for name, child in listed.items() if name.isdecimal()}
        if numbered:
            for _, child in sorted(numbered.items()):
                yield from self._layers(child, level + 1)
        elif "_functional" in children:
            yield from self._layers(children["_functional"], level + 1)
        else:
            # Keras 3 has `_kernel` behind a property.
            variables = {name.lstrip("_"): self._key(child) for name, child in children.items()}
            keys = {name: key for name, key in variables.items() if key}
            if keys:
                yield keys

    def _key(self, node: int) -> str | None:
        """The key of a variable's value; None of an object that is no variable."""
        attributes: Any = self._graph.nodes[node].attributes
        return next((one.checkpoint_key for one in attributes if one.name == _VALUE), None)
