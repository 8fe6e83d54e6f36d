"""Every operation of every recipe's iteration has a kernel under XLA on a GPU.

The networks are tiny; the switches of each recipe, which decide what operations there are, are the
recipe's own. An iteration with the first of them is traced by tests/conformance, which asks the
same of it and of the iterations of whole runs.
"""

from typing import Any

import keras
import pytest
import tensorflow as tf

from gpu_kernels import missing_kernels, operations, switches
from tiny_models import SIZE, TINY, batch_specs, tiny_model

CASES = [(name, number) for name in TINY for number in range(1, len(switches(name)))]


@pytest.mark.parametrize(("name", "number"), CASES)
def test_a_gpu_has_a_kernel_for_every_operation_of_an_iteration(name, number):
    """In bfloat16, which has the fewer kernels."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = tiny_model(name, **switches(name)[number])
    model.compile()
    iteration = tf.function(
        lambda *batch: model.train_step(batch if batch[1:] else batch[0])
    ).get_concrete_function(*batch_specs(model, SIZE, 2))
    assert len(operations(iteration.graph)) > 20
    assert missing_kernels(iteration.graph) == []


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
        return [one.partition(" ")[0] for one in missing_kernels(traced(spec).graph)]

    traced: Any = penalty.get_concrete_function
    assert missing(tf.bfloat16) == ["MaxPoolGradGrad"] and missing(tf.float32) == []
