"""Historical averaging (Salimans et al. 2016, section 3.3): weights are held near their past."""

import keras
import tensorflow as tf


class HistoricalAverage(keras.layers.Layer):
    """The mean of all values that a network's weights have had, as part of the model's state.

    A player's cost gets the term `|theta - 1/t sum of theta[i]|^2`, i from 1 to t, which damps
    players that circle round each other. Past values are constants: gradients leave them alone.
    """

    def __init__(self, network: keras.Model, name: str):
        """Allocates the averages.

        Args:
            network: Whose trainable weights are meant.
            name: Unique within the model.
        """
        super().__init__(name=name, trainable=False, dtype="float32")
        for variable in network.trainable_variables:
            self.add_weight(
                name=_flat(variable),
                shape=variable.shape,
                initializer="zeros",
                trainable=False,
                aggregation="only_first_replica",
            )
        self.built = True

    def note(self, network: keras.Model, iteration: tf.Tensor) -> None:
        """Takes the present weights into the mean, once in an iteration, before any update.

        Args:
            network: The one whose past it is.
            iteration: int64 scalar, completed iterations: at 0 the mean begins.
        """
        share = 1.0 / tf.cast(iteration + 1, tf.float32)
        for variable, average in self._averaged(network):
            average.assign(average + share * (variable - average))

    def distance(self, network: keras.Model) -> tf.Tensor:
        """The squared distance of the weights from the mean, a float32 scalar."""
        return tf.add_n(
            [
                tf.reduce_sum(tf.square(variable - tf.stop_gradient(average)))
                for variable, average in self._averaged(network)
            ]
        )

    def _averaged(self, network: keras.Model) -> list[tuple[keras.Variable, keras.Variable]]:
        # By name, for a layer that is frozen later leaves the network's trainable variables.
        averages = {average.name: average for average in self.weights}
        return [(variable, averages[_flat(variable)]) for variable in network.trainable_variables]


def _flat(variable: keras.Variable) -> str:
    return variable.path.replace("/", "_")
