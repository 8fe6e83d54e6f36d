"""The optimizer of most papers in the zoo, in one kernel a variable; and one for each player."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from tfi2i.errors import RecipeError
from tfi2i.training.replicas import replica_count


@keras.saving.register_keras_serializable(package="tfi2i")
class FusedAdam(keras.optimizers.Adam):
    """Keras' Adam (Kingma and Ba 2014) with each variable updated by one kernel in one pass.

    Keras computes the same formula by a dozen operations that each read and write whole arrays.
    Arguments, state and saved files are those of `keras.optimizers.Adam`; `amsgrad` is not fused
    and goes Keras' way.

    `beta_2_now`, where a player has set it, gives the second-moment decay of each step in place of
    `beta_2`; the correction of the start is that of this decay.

    Under the policy `mixed_bfloat16`, replicas exchange gradients in bfloat16, which halves what
    they send. Gradients of kernels are bfloat16 numbers already; only their sum is rounded once
    more.
    """

    beta_2_now: Callable[[], tf.Tensor] | None = None

    def build(self, variables):
        """Makes the moments, and notes the policy: the threads of replicas do not see it."""
        super().build(variables)
        self._exchanges_bfloat16 = keras.config.dtype_policy().name == "mixed_bfloat16"

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        """Where Keras updates all variables: hands `update_step` what they have in common."""
        if not self.amsgrad:
            dtypes = {tf.as_dtype(variable.dtype).name for variable in trainable_variables}
            learning_rate = {dtype: self._numbers(learning_rate, dtype) for dtype in dtypes}
        super()._backend_update_step(grads, trainable_variables, learning_rate)

    def _numbers(self, learning_rate, dtype: str) -> dict[str, tf.Tensor]:
        """The kernel's numbers for this step: computed once, not once for each variable."""
        step = tf.cast(self.iterations.value + 1, dtype)
        second = self.beta_2 if self.beta_2_now is None else self.beta_2_now()
        beta_1, beta_2 = (tf.cast(beta, dtype) for beta in (self.beta_1, second))
        return {
            "beta1_power": tf.pow(beta_1, step),
            "beta2_power": tf.pow(beta_2, step),
            "lr": tf.cast(learning_rate, dtype),
            "beta1": beta_1,
            "beta2": beta_2,
            "epsilon": tf.cast(self.epsilon, dtype),
        }

    def update_step(self, gradient, variable, learning_rate):
        """Updates one variable and its moments in place.

        Args:
            gradient: Of the variable's shape.
            variable: On this replica.
            learning_rate: Of each type of variables, the numbers that the kernel takes.
        """
        if self.amsgrad:
            return super().update_step(gradient, variable, learning_rate)
        index = self._get_variable_index(variable)
        return tf.raw_ops.ResourceApplyAdam(
            var=_handle(variable),
            m=_handle(self._momentums[index]),
            v=_handle(self._velocities[index]),
            grad=tf.cast(gradient, variable.dtype),
            **learning_rate[variable.dtype.name],
        )

    def _all_reduce_sum_gradients(self, grads_and_vars):
        """Where Keras sums gradients over replicas; `update_step` makes them float32 again."""
        if self._exchanges_bfloat16 and replica_count() > 1:
            grads_and_vars = [(tf.cast(one, tf.bfloat16), var) for one, var in grads_and_vars]
        return super()._all_reduce_sum_gradients(grads_and_vars)


def _handle(variable) -> tf.Tensor:
    """The resource of a Keras or TensorFlow variable, on this replica."""
    return (variable.value if isinstance(variable, keras.Variable) else variable).handle


def paper_adam(learning_rate: float, beta_1: float = 0.5, beta_2: float = 0.999) -> FusedAdam:
    """Adam as the GAN papers use it: epsilon 1e-8 (Keras' default is 1e-7) and beta_1 0.5."""
    return FusedAdam(learning_rate, beta_1=beta_1, beta_2=beta_2, epsilon=1e-8)


def optimizer_for_each(players: Sequence[str], given: Any) -> dict[str, keras.optimizers.Optimizer]:
    """An optimizer of its own for every player.

    Args:
        players: Their names.
        given: Name to optimizer, where an optimizer is an object, a name ("adam") or a
            configuration; or one name or configuration for all.

    Raises:
        RecipeError: If names differ, or one object would serve two players.
    """
    if isinstance(given, str) or (isinstance(given, Mapping) and "class_name" in given):
        given = dict.fromkeys(players, given)
    if not isinstance(given, Mapping) or set(given) != set(players):
        found = sorted(given) if isinstance(given, Mapping) else type(given).__name__
        raise RecipeError(f"optimizers are needed for exactly {sorted(players)}, got {found}")
    optimizers = {name: keras.optimizers.get(given[name]) for name in players}
    if len({id(optimizer) for optimizer in optimizers.values()}) < len(players):
        raise RecipeError(
            f"each of {', '.join(players)} needs an optimizer of its own: one player's moments do "
            "not fit another's weights"
        )
    return optimizers


class PlayerOptimizers:
    """What Keras finds as `model.optimizer`: the optimizers of all players.

    Callbacks that set learning rates go through `optimizers`, as they do for Keras' own
    `MultiOptimizer`.
    """

    built = True

    def __init__(self, optimizers: Sequence[keras.optimizers.Optimizer]):
        """Takes the players' optimizers, built."""
        self.optimizers = list(optimizers)

    @property
    def variables(self) -> list[keras.Variable]:
        """Those of all optimizers, for `summary`."""
        return [variable for one in self.optimizers for variable in one.variables]

    @property
    def iterations(self) -> keras.Variable:
        """Updates of the first player, for Keras' TensorBoard callback."""
        return self.optimizers[0].iterations
