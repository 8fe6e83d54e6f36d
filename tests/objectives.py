"""Compares what a `train_step` optimises with a second formula, which stands in the variant's test.

`replay` takes one iteration with SGD, remembers what each update was given, and puts every weight
back. The test then walks through the paper's algorithm: it states the loss of each update in turn,
and `Replay.update` compares the gradients and moves the weights on, as SGD has moved them.

    with replay(model, batch, {"discriminator": 0.1, "generator": 0.1}) as step:
        with tf.GradientTape() as tape:
            loss = ...
        step.update("discriminator", [model.discriminator], loss, tape)
        ...
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

# Of the length of a variable's gradient. Rounding leaves less than a tenth of it, and a fault in
# an objective whose terms are of similar size more than ten times as much.
TOLERANCE = 1e-3
# Of the length of the player's whole gradient: some gradients are zero but for rounding.
ZERO = 1e-6


class RecordingSGD(keras.optimizers.SGD):
    """Keras' SGD that notes every update of a player in a list that all players share."""

    def __init__(self, player: str, learning_rate: float, updates: list):
        super().__init__(learning_rate)
        self.player = player
        # Keras would copy a list that is an attribute.
        self.note = updates.append

    def apply(self, grads, trainable_variables=None):
        """Notes the gradients before it uses them."""
        self.note((self.player, list(trainable_variables or []), list(grads)))
        return super().apply(grads, trainable_variables)


class Replay:
    """The updates of one iteration, to be told again by the paper's algorithm.

    Attributes:
        logs: What `train_step` returned, as numbers.
    """

    def __init__(self, updates: list, rates: Mapping[str, float], logs: dict[str, float]):
        self._updates = updates
        self._rates = rates
        self.logs = logs

    def update(
        self,
        player: str,
        networks: Sequence[keras.Model],
        loss: Any,
        tape: tf.GradientTape,
    ) -> None:
        """Asserts that this is the next update, and steps the weights.

        Where the algorithm takes several gradients before the first update, they come from one
        persistent tape, which knows the weights of before.

        Args:
            player: Whose turn it is.
            networks: The networks that it owns, all of them.
            loss: What it minimises, a scalar.
            tape: Recorded the loss.
        """
        assert self._updates, f"train_step has ended, and has not updated the {player}"
        given_player, given_variables, given = self._updates.pop(0)
        assert given_player == player, f"train_step updates the {given_player}, not the {player}"
        variables = [v for network in networks for v in network.trainable_variables]
        recorded = {id(v): g for v, g in zip(given_variables, given, strict=True)}
        assert recorded.keys() == {id(v) for v in variables}, f"the {player} owns other networks"
        expected = tape.gradient(
            loss, [v.value for v in variables], unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        assert_gradients_equal([recorded[id(v)] for v in variables], expected, variables, player)
        for variable, gradient in zip(variables, expected, strict=True):
            variable.assign(variable - self._rates[player] * gradient)

    def assert_logs(self, **expected: Any) -> None:
        """Asserts that logs of these names hold these values."""
        for name, value in expected.items():
            np.testing.assert_allclose(self.logs[name], float(value), rtol=1e-4, err_msg=name)


def assert_gradients_equal(given, expected, variables, player: str) -> None:
    """Asserts that two lists of gradients agree, each within `TOLERANCE` of its length."""
    whole = float(tf.linalg.global_norm(expected))
    assert np.isfinite(whole) and whole > 0, f"the formula gives the {player} no gradient"
    wrong = []
    for variable, one, other in zip(variables, given, expected, strict=True):
        length = float(tf.norm(other))
        difference = float(tf.norm(one - other))
        if not difference <= TOLERANCE * length + ZERO * whole:
            wrong.append(f"{variable.path}: {difference:.3g} away from a length of {length:.3g}")
    assert not wrong, f"gradients of the {player} differ:\n" + "\n".join(wrong)


@contextmanager
def replay(model, batch, rates: Mapping[str, float]) -> Iterator[Replay]:
    """Takes one iteration and puts all state back; on leaving, no update may be left over.

    Args:
        model: A variant, not compiled.
        batch: What its `train_step` eats.
        rates: Each player's learning rate: large enough to tell the weights before an update from
            those after it, and so small that no term then drowns in another that has exploded.
    """
    state = {name: np.array(v) for name, v in model.network_state().items()}
    updates, logs = _step(model, batch, rates)
    for name, variable in model.network_state().items():
        variable.assign(state[name])
    again = Replay(updates, rates, {name: float(value) for name, value in logs.items()})
    yield again
    left = [player for player, *_ in again._updates]
    assert not left, f"train_step makes further updates: {left}"


def train_alone(model, batch, player: str, rate: float = 1e-3) -> None:
    """One iteration in which only this player's weights move, by a small step of SGD."""
    model.compile()
    _step(model, batch, {name: rate if name == player else 0.0 for name in model.players})


def _step(model, batch, rates: Mapping[str, float]) -> tuple[list, dict]:
    updates: list = []
    model.compile(optimizers={name: RecordingSGD(name, r, updates) for name, r in rates.items()})
    return updates, model.train_step(batch)


def spread_weights(model, seed: int = 0) -> None:
    """Draws all trainable weights anew, so that no term of an objective is small.

    As networks start, scores and biases are about 0, and a lost term would hardly show.
    """
    draw = np.random.default_rng(seed)
    for network in model.networks:
        for variable in network.trainable_variables:
            shape = tuple(variable.shape)
            if len(shape) > 1:
                values = draw.normal(0.0, np.sqrt(2.0 / np.prod(shape[:-1])), shape)
            elif variable.path.endswith("gamma"):
                values = draw.uniform(0.5, 1.5, shape)
            else:
                values = draw.normal(0.0, 0.3, shape)
            variable.assign(values.astype(np.float32))


def shrink_scores(*discriminators: keras.Model, factor: float = 0.2) -> None:
    """Scales the last convolution, so that all scores lie between 0 and 1 or near.

    Least squares pulls each score of a generated image towards 1: all rise only from below it.
    """
    for discriminator in discriminators:
        for variable in discriminator.trainable_variables:
            if "scores" in variable.path:
                variable.assign(factor * variable)


def images(count: int, size: int, channels: int = 3, seed: int = 0) -> tf.Tensor:
    """Different images, float32 (count, size, size, channels) in [-1, 1]."""
    shape = (count, size, size, channels)
    return tf.constant(np.random.default_rng(seed).uniform(-1, 1, shape), tf.float32)


class ImageHistory:
    """What discriminators see of generated images, one image after the other, as the papers say.

    "We keep an image buffer that stores the 50 previously created images" (CycleGAN, section 4),
    and half of the time an older one is shown in place of the newest (Shrivastava et al. 2017,
    section 2.3). The draws are those of `seed`; everything else is plain Python.
    """

    def __init__(self, size: int):
        self.size = size
        self.kept: list[np.ndarray] = []
        self.exchanged: list[bool] = []  # of the images shown last

    def show(self, images, seed) -> np.ndarray:
        """Stores new images and returns as many: the newest, or older ones."""
        if not self.size:
            return np.array(images)
        slots = np.argsort(tf.random.stateless_uniform([self.size], seed))
        coins = np.array(tf.random.stateless_uniform([len(images)], tf.bitwise.invert(seed)))
        full, shown = len(self.kept) == self.size, []
        self.exchanged = [bool(full and coin < 0.5) for coin in coins]
        for image, slot, exchange in zip(np.array(images), slots, self.exchanged, strict=False):
            if exchange:
                shown.append(self.kept[slot])
                self.kept[slot] = image
            else:
                shown.append(image)
                if len(self.kept) < self.size:
                    self.kept.append(image)
        return np.stack(shown)
