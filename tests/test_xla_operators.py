"""Every operation of every recipe's iteration has a kernel under XLA on a GPU.

TensorFlow names the kernels that it has for XLA on GPUs on any machine; an iteration with an
operation, or a type of one, that is not among them does not compile there. The networks are tiny;
the switches of each recipe, which decide what operations there are, are the recipe's own.
"""

import itertools
from functools import cache
from typing import Any

import keras
import pytest
import tensorflow as tf
from tensorflow.python.framework import kernels

from tfi2i.recipe import load_recipe
from tfi2i.zoo.catalogue import find_variant
from tiny_models import SIZE, TINY, batch_specs, tiny_model

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


def operations(function) -> set[tuple[str, tuple]]:
    """Each operation of a traced function, and of those that it calls, with its types."""
    graph = function.graph.as_graph_def()
    nodes = [*graph.node, *(node for one in graph.library.function for node in one.node_def)]
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


def missing_kernels(function) -> list[str]:
    # The first compilation registers XLA's kernels.
    tf.function(lambda x: x + 1.0, jit_compile=True)(tf.zeros(2))
    named = {function.name for function in function.graph.as_graph_def().library.function}
    found = []
    for operation, types in sorted(operations(function)):
        known = dict(types)
        fits = any(
            all({*known.get(name, ())} <= allowed for name, allowed in kernel.items())
            for kernel in gpu_kernels(operation)
        )
        if not fits and operation not in named:
            words = {k: [tf.dtypes.as_dtype(one).name for one in v] for k, v in known.items() if v}
            found.append(f"{operation} {words}")
    return found


# All in bfloat16, which has the fewer kernels, and each variant's first in float32.
CASES = [
    (name, number, precision)
    for name in TINY
    for number in range(len(switches(name)))
    for precision in ("mixed_bfloat16", "float32")[: 2 if number == 0 else 1]
]


@pytest.mark.parametrize(("name", "number", "precision"), CASES)
def test_a_gpu_has_a_kernel_for_every_operation_of_an_iteration(name, number, precision):
    keras.config.set_dtype_policy(precision)
    model = tiny_model(name, **switches(name)[number])
    model.compile()
    iteration = tf.function(
        lambda *batch: model.train_step(batch if batch[1:] else batch[0])
    ).get_concrete_function(*batch_specs(model, SIZE, 2))
    assert len(operations(iteration)) > 20
    assert missing_kernels(iteration) == []


def test_a_gradient_penalty_through_max_pooling_would_be_found():
    @tf.function
    def penalty(images):
        with tf.GradientTape() as outer:
            outer.watch(images)
            with tf.GradientTape() as tape:
                tape.watch(images)
                score = tf.reduce_sum(tf.nn.max_pool2d(images, 2, 2, "SAME") ** 2)
            squared = tf.reduce_sum(tape.gradient(score, images) ** 2)
        return outer.gradient(squared, images)

    def missing(dtype) -> list[str]:
        spec = tf.TensorSpec((1, 4, 4, 1), dtype)
        return [one.partition(" ")[0] for one in missing_kernels(traced(spec))]

    traced: Any = penalty.get_concrete_function
    assert missing(tf.bfloat16) == ["MaxPoolGradGrad"] and missing(tf.float32) == []
