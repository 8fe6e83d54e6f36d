"""Which operations of a traced iteration have no kernel under XLA on a GPU.

TensorFlow names the kernels that it has for XLA on GPUs on any machine; an iteration with an
operation, or a type of one, that is not among them does not compile there.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import tensorflow as tf
from tensorflow.python.framework import kernels

from tfi2i.recipe import load_recipe
from tfi2i.training import GAN
from tfi2i.zoo.catalogue import find_variant

# What XLA never sees as an operation: arguments, and what is evaluated before it compiles.
NOT_COMPILED = {"Placeholder"}


def switches(name: str) -> list[dict]:
    """What the variant's recipes choose of words and booleans, each choice once."""
    variant = find_variant(name)
    chosen = []
    for recipe_name in variant.recipes:
        model = load_recipe(variant.recipe_path(recipe_name)).resolve(variant.load_class()).model
        chosen.append({k: v for k, v in model.items() if isinstance(v, bool | str)})
    return [one for one, _ in itertools.groupby(sorted(chosen, key=str))]


@contextmanager
def graphs_of_iterations(model: GAN) -> Iterator[list[tf.Graph]]:
    """Notes the graph of each iteration that is traced within: one for each stage of a training."""
    graphs: list[tf.Graph] = []
    step = model.train_step

    def train_step(batch):
        graphs.append(tf.compat.v1.get_default_graph())
        return step(batch)

    model.train_step = train_step
    try:
        yield graphs
    finally:
        model.train_step = step


def operations(graph: tf.Graph) -> set[tuple[str, tuple]]:
    """Each operation of a graph, and of the functions that it calls, with its types."""
    written = graph.as_graph_def()
    nodes = [*written.node, *(node for one in written.library.function for node in one.node_def)]
    return {
        (node.op, tuple(sorted((key, types_of(value)) for key, value in node.attr.items())))
        for node in nodes
        if node.op not in NOT_COMPILED
    }


def types_of(attribute) -> tuple[int, ...]:
    """Of an attribute that is a type, or a list of types; else nothing."""
    return (attribute.type,) if attribute.type else tuple(attribute.list.type)


@cache
def gpu_kernels(operation: str) -> list[dict[str, set[int]]]:
    """For each kernel of an operation under XLA on GPUs, the types that it takes."""
    return [
        {one.name: {*one.allowed_values.list.type} for one in kernel.constraint}
        for kernel in kernels.get_registered_kernels_for_op(operation).kernel
        if kernel.device_type == "XLA_GPU_JIT"
    ]


def missing_kernels(graph: tf.Graph) -> list[str]:
    """The operations of a graph for which a GPU has no kernel under XLA, with their types."""
    # The first compilation registers XLA's kernels.
    tf.function(lambda x: x + 1.0, jit_compile=True)(tf.zeros(2))
    named = {function.name for function in graph.as_graph_def().library.function}
    found = []
    for operation, types in sorted(operations(graph)):
        known = dict(types)
        fits = any(
            all({*known.get(name, ())} <= allowed for name, allowed in kernel.items())
            for kernel in gpu_kernels(operation)
        )
        if not fits and operation not in named:
            words = {k: [tf.dtypes.as_dtype(one).name for one in v] for k, v in known.items() if v}
            found.append(f"{operation} {words}")
    return found
