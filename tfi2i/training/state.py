"""A model whose whole configuration is its arguments, and whose whole state is named variables."""

import contextlib
import inspect
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tfi2i.data.decode.values import EIGHT_BITS, ValueRange
from tfi2i.data.scale import TrainedScale
from tfi2i.training.player import Player
from tfi2i.training.stages import Stage


class StatefulModel(keras.Model):
    """Networks, players and a counter of iterations, all of which a file can hold.

    Attributes:
        trained_scale: How whole training images were resized before crops were cut; None if they
            kept their size, or if it is not known. Saved with the model.
        value_ranges: For the domains `a` and `b`, the depth of images and the values that are black
            and white. Saved with the model.
        iteration: int64 variable, completed calls of `train_step`.
        epoch: int64 variable, completed epochs of this `fit`.
        stage_number: int64 variable, the place of the present stage among `stages`.
        players: Name to `Player`, filled by `compile`.
        absent: Names of networks that a saved model came without, and that are of no use before
            they are trained.
    """

    def __init_subclass__(cls, **options):
        """Gives the constructor the signature with all arguments that it takes.

        A family's base states once what its variants share, and a variant passes it on by
        `**kwargs`: recipes, files and `help` read what may be given from the signature.
        """
        super().__init_subclass__(**options)
        if "__init__" in vars(cls):
            signature = _with_passed_on(cls)
            cls.__init__.__signature__ = signature  # pyright: ignore[reportFunctionMemberAccess]

    def __new__(cls, *args, **kwargs):
        """Remembers the constructor's arguments, which are the whole configuration.

        Keras would do it too, but it records the defaults of keyword-only arguments in place of the
        given values (3.15).
        """
        model = super().__new__(cls, *args, **kwargs)
        bound = inspect.signature(cls.__init__).bind(model, *args, **kwargs)
        bound.apply_defaults()
        passed_on = bound.arguments.pop("kwargs", {})
        model._arguments = {**dict(list(bound.arguments.items())[1:]), **passed_on}
        return model

    def get_config(self) -> dict:
        """The arguments of the constructor, defaults filled in."""
        return dict(self._arguments)

    def settled(self, name: str, value: Any) -> Any:
        """Notes what became of a constructor's argument that was left open (None).

        The configuration then says what was built, also where another size of images would have
        led to other networks.

        Returns:
            The value.
        """
        self._arguments[name] = value
        return value

    def __init__(self, *, seed: int = 0, **kwargs):
        """Starts the iteration counter.

        Args:
            seed: Seed of everything random in training; noise is a function of it, the iteration
                and the replica.
            **kwargs: `name` and `dtype`, as for any Keras model.
        """
        super().__init__(**kwargs)
        self.seed = seed
        self.iteration = self._counter("iteration")
        # Not saved: `fit` sets it at the beginning of every epoch.
        self.epoch = self._counter("epoch")
        self.stage_number = self._counter("stage")
        self.trained_scale: TrainedScale | None = None
        self.value_ranges: dict[str, ValueRange] = {"a": EIGHT_BITS, "b": EIGHT_BITS}
        self.players: dict[str, Player] = {}
        self.absent: frozenset[str] = frozenset()
        # The networks are functional models and exist already: `fit` has nothing left to build.
        self.built = True

    def _counter(self, name: str) -> keras.Variable:
        return self.add_weight(
            name=name,
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )

    @classmethod
    def variant_name(cls) -> str:
        """The variant's folder in the zoo: the name in recipes, run folders and saved models."""
        return cls.__module__.split(".")[-2]

    @property
    def stages(self) -> Sequence[Stage]:
        """The stages of the training, in their order; one in most variants."""
        return (Stage("whole"),)

    @property
    def stage(self) -> Stage:
        """The present stage. A graph that was traced in a stage is for that stage."""
        if len(self.stages) == 1:
            return self.stages[0]
        with tf.init_scope():  # the number itself, also where a graph is traced
            return self.stages[int(keras.ops.convert_to_numpy(self.stage_number))]

    @property
    def shipped_networks(self) -> list[keras.Model]:
        """The networks that a trained model is used by: what a preset ships."""
        return []

    def do_without(self, names: Sequence[str]) -> bool:
        """Whether the model can be used without the weights of these networks; then notes them."""
        return not names

    @property
    def networks(self) -> list[keras.Model]:
        """All networks, in the order in which `__init__` made them."""
        return [layer for layer in self.layers if isinstance(layer, keras.Model)]

    def network_state(self) -> dict[str, keras.Variable]:
        """Every variable of the networks and the model, by a name equal in every process."""
        variables: dict[str, keras.Variable] = {}
        for layer in self.layers:
            prefix = "" if layer.name.startswith(self.name) else f"{layer.name}/"
            for variable in layer.weights:
                _put(variables, f"{layer.name}/{variable.path.removeprefix(prefix)}", variable)
        _put(variables, "iteration", self.iteration)
        if len(self.stages) > 1:
            _put(variables, "stage", self.stage_number)
        return variables

    def state(self) -> dict[str, keras.Variable]:
        """All that training needs to continue: networks, pools, optimizers, running averages."""
        variables = self.network_state()
        names = {id(variable): name for name, variable in variables.items()}
        for name, player in self.players.items():
            for index, variable in enumerate(player.optimizer.variables):
                _put(variables, f"{name}_optimizer/{index:04d}_{variable.name}", variable)
            for variable, average in player.averaged():
                _put(variables, f"average/{names[id(variable)]}", average)
        return variables

    @contextlib.contextmanager
    def averaged_weights(self) -> Iterator[None]:
        """Within the context, networks have their running averages, if a player keeps any."""
        swapped = [pair for player in self.players.values() for pair in player.averaged()]
        trained = [np.array(variable) for variable, _ in swapped]
        for variable, average in swapped:
            variable.assign(average.value)
        try:
            yield
        finally:
            for (variable, _), value in zip(swapped, trained, strict=True):
                variable.assign(value)


def _with_passed_on(cls: type[StatefulModel]) -> inspect.Signature:
    """The signature of a constructor, with the arguments of its base in place of `**kwargs`."""
    own = inspect.signature(cls.__init__)
    base = next(one for one in cls.__mro__[1:] if "__init__" in vars(one))
    *named, last = own.parameters.values()
    if last.kind is not last.VAR_KEYWORD or not issubclass(base, StatefulModel):
        return own
    further = inspect.signature(base.__init__).parameters.items()
    passed_on = [one for name, one in further if name not in own.parameters and name != "self"]
    return own.replace(parameters=[*named, *passed_on, last])


def _put(variables: dict[str, keras.Variable], name: str, variable: keras.Variable) -> None:
    if name in variables:
        raise ValueError(f"two variables of the model are both named {name!r}")
    variables[name] = variable
