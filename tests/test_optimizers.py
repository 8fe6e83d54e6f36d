"""The fused Adam: Keras' numbers, state and files; what it is not made for goes Keras' way."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i.training.optimizers import FusedAdam, paper_adam


def trained(optimizer, steps=5):
    """Values and state after some steps along fixed gradients."""
    random = np.random.default_rng(0)
    variables = [keras.Variable(random.normal(size=shape)) for shape in ((3, 4), (5,))]
    optimizer.build(variables)
    for _ in range(steps):
        gradients = [tf.constant(random.normal(size=v.shape), tf.float32) for v in variables]
        optimizer.apply(gradients, variables)
    return [np.array(v) for v in (*variables, *optimizer.variables)]


@pytest.mark.parametrize(
    "options",
    [
        {"beta_1": 0.5, "epsilon": 1e-8},
        {"beta_1": 0.0, "beta_2": 0.9},
        {"weight_decay": 0.01, "clipnorm": 0.5},
        {"amsgrad": True},
        {"learning_rate": keras.optimizers.schedules.ExponentialDecay(1e-2, 1, 0.5)},
    ],
)
def test_it_computes_what_keras_adam_does(options):
    options = {"learning_rate": 1e-2, **options}
    ours = trained(FusedAdam(**options))
    theirs = trained(keras.optimizers.Adam(**options))
    assert len(ours) == len(theirs)
    for mine, keras_own in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, keras_own, rtol=2e-6, atol=1e-7)


def test_a_moving_beta_2_by_hand():
    """Adam of Kingma and Ba; the correction of the start is that of each step's decay."""
    optimizer, variable = FusedAdam(0.1, beta_1=0.0, epsilon=0.0), keras.Variable([1.0])
    now = tf.Variable(0.0)
    optimizer.beta_2_now = now.read_value
    optimizer.build([variable])
    value, second = 1.0, 0.0
    for step, (gradient, beta_2) in enumerate([(2.0, 0.5), (-1.0, 0.8), (3.0, 0.9)], 1):
        now.assign(beta_2)
        optimizer.apply([tf.constant([gradient])], [variable])
        second = beta_2 * second + (1 - beta_2) * gradient**2
        value -= 0.1 * gradient / np.sqrt(second / (1 - beta_2**step))
        np.testing.assert_allclose(variable, [value], rtol=1e-5)


def test_one_kernel_a_variable():
    variables = [keras.Variable(np.ones((3, 4), np.float32))]
    optimizer = paper_adam(1e-3)
    optimizer.build(variables)
    step = tf.function(lambda g: optimizer.apply([g], variables))
    graph = step.get_concrete_function(tf.TensorSpec((3, 4))).graph
    kinds = [operation.type for operation in graph.get_operations()]
    assert kinds.count("ResourceApplyAdam") == 1
    assert "Sqrt" not in kinds


def test_it_is_rebuilt_from_its_configuration():
    again = keras.optimizers.deserialize(keras.optimizers.serialize(paper_adam(3e-4, beta_1=0.1)))
    assert isinstance(again, FusedAdam)
    assert (again.beta_1, again.beta_2, again.epsilon) == (0.1, 0.999, 1e-8)


def test_under_a_strategy_all_replicas_step_alike(two_replicas):
    with two_replicas.scope():
        variable = keras.Variable(np.ones(3, np.float32))
        optimizer = FusedAdam(0.1)
        optimizer.build([variable])

    @tf.function
    def step():
        # Replicas disagree: the sum of both gradients is what counts.
        context = tf.distribute.get_replica_context()
        sign = tf.cast(context.replica_id_in_sync_group, tf.float32) * 3.0 - 1.0
        optimizer.apply([sign * tf.constant([1.0, 2.0, 0.0])], [variable])

    two_replicas.run(step)
    for copy in two_replicas.experimental_local_results(variable.value):
        np.testing.assert_allclose(copy, [0.9, 0.9, 1.0], atol=1e-4)


@pytest.mark.parametrize(("policy", "seen"), [("float32", 1.0 + 2**-12), ("mixed_bfloat16", 1.0)])
def test_replicas_exchange_gradients_in_the_precision_they_compute_in(two_replicas, policy, seen):
    keras.config.set_dtype_policy(policy)
    try:
        with two_replicas.scope():
            variable = keras.Variable(np.zeros(1, np.float32), dtype="float32")
            # So large an epsilon leaves the step the gradient itself.
            optimizer = FusedAdam(2.0**20, beta_1=0.0, beta_2=0.0, epsilon=2.0**20)
            optimizer.build([variable])

        @tf.function
        def step():
            # What float32 holds and bfloat16 does not: half of it on each replica.
            optimizer.apply([tf.constant([0.5 + 2**-13])], [variable])

        two_replicas.run(step)
    finally:
        keras.config.set_dtype_policy("float32")
    assert optimizer.variables[1].dtype == "float32"
    for copy in two_replicas.experimental_local_results(variable.value):
        np.testing.assert_allclose(copy, [-seen], rtol=2e-6)


def test_one_device_rounds_no_gradient():
    keras.config.set_dtype_policy("mixed_bfloat16")
    variable = keras.Variable(np.zeros(1, np.float32), dtype="float32")
    optimizer = FusedAdam(2.0**20, beta_1=0.0, beta_2=0.0, epsilon=2.0**20)
    optimizer.build([variable])
    optimizer.apply([tf.constant([1.0 + 2**-12])], [variable])
    np.testing.assert_allclose(variable, [-1.0 - 2**-12], rtol=2e-6)
