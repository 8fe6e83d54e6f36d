"""Keras' ways of training a model, made true for models of several players."""

import itertools
import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

import keras
import numpy as np
import tensorflow as tf

from tfi2i.errors import RecipeError
from tfi2i.training.callback_rules import check_callbacks, check_watched, watched_logs
from tfi2i.training.given_data import check_batch, complete_batches
from tfi2i.training.stages import FollowEpochs

if TYPE_CHECKING:
    from tfi2i.training.gan import GAN


class Fitting(keras.Model):
    """`fit` and its relatives: they do what a user of Keras expects, or refuse in words at once."""

    # The key is the form of batch: Keras traces one function for all sizes once it has seen two.
    # And the stage, in each of which an iteration is another graph.
    _functions: dict[tuple[str, str], Any]
    _spec: str
    # Steps that the next call of the train function takes, if an epoch ends within that call.
    _steps_of_call: int | None = None
    # Whether data of unknown length are trained on.
    _may_end = False
    # Callbacks of this `fit` and the logs that they watch; the logs of an iteration, once known.
    _watched: Sequence[tuple[str, str]] = ()
    _log_names: tuple[str, ...] = ()

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Sequence[keras.callbacks.Callback] | keras.callbacks.Callback | None = None,
        *,
        shuffle: bool = True,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        **unused: Any,
    ) -> keras.callbacks.History:
        """Trains; arguments that are not named below are those of Keras' `fit`.

        Args:
            x: A `tf.data.Dataset` of batches of the model's kind, or an array of images, or a tuple
                of two arrays. Pixels are uint8, or floats in [-1, 1].
            y: The second array, if x is one: labels, or the images of `b`.
            batch_size: Batch size for arrays. Batches of another size than the first are left out.
            epochs: Number of the last epoch.
            verbose: As Keras has it.
            callbacks: Keras' callbacks, or one; docs/keras.md says which of them work.
            shuffle: Whether arrays are shuffled.
            initial_epoch: Number of the first epoch, from 0.
            steps_per_epoch: Iterations in an epoch; needed where the dataset has no end.
            **unused: Keras' other arguments: validation and weights of samples are refused.

        Raises:
            DataError: If the model cannot be trained on the data.
            RecipeError: If the batches' size, a callback or an argument cannot do what it should.
        """
        _refuse(unused)
        _check_number("steps_per_epoch", steps_per_epoch, least=1)
        _check_number("batch_size", batch_size, least=1)
        _check_number("epochs", epochs, least=0)
        _check_number("initial_epoch", initial_epoch, least=0)
        self._assert_compile_called("fit")
        batches = complete_batches(
            cast("GAN", self), x, y,
            batch_size=batch_size, shuffle=shuffle, steps_per_epoch=steps_per_epoch,
        )  # fmt: skip
        return self.fit_batches(
            batches,
            epochs=epochs,
            verbose=verbose,
            callbacks=callbacks,
            initial_epoch=initial_epoch,
            steps_per_epoch=steps_per_epoch,
        )

    def fit_batches(
        self,
        batches: tf.data.Dataset,
        *,
        steps_per_epoch: int | None = None,
        callbacks: Sequence[keras.callbacks.Callback] | keras.callbacks.Callback | None = None,
        **options: Any,
    ) -> keras.callbacks.History:
        """`fit` for batches that are known to be right: complete, and in [-1, 1].

        Args:
            batches: Batches of the model's kind, of one size.
            steps_per_epoch: Iterations in an epoch, None if the batches are one epoch.
            callbacks: As for `fit`.
            **options: Keras' `epochs`, `initial_epoch` and `verbose`.

        Raises:
            RecipeError: If a callback cannot do what it should.
        """
        given: list[keras.callbacks.Callback] = keras.tree.flatten(callbacks or [])
        check_callbacks(cast("GAN", self), given)
        self.take_function(batches.element_spec)
        self._may_end = bool(batches.cardinality() == tf.data.UNKNOWN_CARDINALITY)
        self._watched = watched_logs(given)
        eager = self.run_eagerly or tf.config.functions_run_eagerly()
        if eager and self._watched and not self._log_names:
            self._trace_once(batches.element_spec)
        if self._log_names:
            check_watched(self._watched, self._log_names)
        try:
            with warnings.catch_warnings():
                if steps_per_epoch is None:
                    # In a dataset of unknown length the end of an epoch is no accident.
                    warnings.filterwarnings("ignore", message="Your input ran out of data")
                return super().fit(
                    batches,
                    shuffle=False,  # type: ignore[arg-type]
                    steps_per_epoch=steps_per_epoch,
                    callbacks=[_LengthOfCall(steps_per_epoch), FollowEpochs(), *given],
                    **options,
                )
        finally:
            self._watched = ()
            self._steps_of_call = None
            # BackupAndRestore sets it, and Keras would use it in every later `fit`.
            self._initial_epoch = None

    def note_logs(self, names: Iterable[str]) -> None:
        """Learns at the end of an iteration which logs there are.

        An iteration is traced before it runs, so that a callback that watches another log is
        refused before the first step.

        Raises:
            RecipeError: If a callback of this `fit` watches a log that is not there.
        """
        self._log_names = tuple(names)
        check_watched(self._watched, self._log_names)

    def _trace_once(self, spec: Any) -> None:
        """Learns the logs of an iteration that runs eagerly: traces it, which takes no step."""
        traced = tf.function(
            lambda batch: self.distribute_strategy.run(self.train_step, args=(batch,)),
            autograph=False,
        )
        try:
            traced.get_concrete_function(spec)
        except RecipeError:
            raise
        except Exception as error:  # Whatever eager code does that a graph cannot.
            if not self._log_names:
                warnings.warn(
                    f"this train_step cannot be traced ({type(error).__name__}), so that a "
                    "misspelt monitor of a callback is found after the first step only",
                    stacklevel=3,
                )

    def make_train_function(self, force: bool = False) -> None:
        """Keras' function, which never goes beyond the end of the epoch or of the data.

        Keras runs whole calls of `steps_per_execution`, beyond the end of an epoch. When its graph
        finds that data of unknown length have ended, everything that does not depend on the data
        has already run: the iteration counts one more, and noise and schedules go on.
        """
        if self.train_function is not None and not force:
            return
        super().make_train_function(force)
        whole_calls = self.train_function
        assert whole_calls is not None

        def train_function(iterator: Any) -> Any:
            steps = self._steps_of_call or self.steps_per_execution
            if steps >= self.steps_per_execution and not (self._may_end and steps == 1):
                return whole_calls(iterator)
            first = next(iterator)  # StopIteration ends the epoch, before anything has run.
            return whole_calls(itertools.chain([first], itertools.islice(iterator, steps - 1)))

        self.train_function = train_function

    def compile(self, **options: Any) -> None:
        """Keras' `compile`, after which every function is made anew."""
        self._functions, self._log_names = {}, ()
        super().compile(**options)

    def take_function(self, spec: Any = None) -> None:
        """Sets `train_function` to the one for the present stage and form of batches.

        Args:
            spec: The form of batches, None for the same as before.
        """
        self._spec = self._spec if spec is None else str(spec)
        key = (cast("GAN", self).stage.name, self._spec)
        self.train_function = self._functions.get(key)
        self.make_train_function()
        self._functions[key] = self.train_function

    def train_on_batch(
        self, x: Any, y: Any = None, *, return_dict: bool = False, **unused: Any
    ) -> Any:
        """One iteration, on one device; see `fit` for x and y.

        Raises:
            DataError: If the model cannot be trained on the batch.
            RecipeError: If the batch's size does not suit the model, or there are several devices.
        """
        _refuse(unused)
        self._assert_compile_called("train_on_batch")
        if self.distribute_strategy.num_replicas_in_sync > 1:
            raise RecipeError("train_on_batch trains on one device, and this model is on several")
        parts = check_batch(cast("GAN", self), x if y is None else (x, y))
        batch = tuple(parts) if len(parts) > 1 else parts[0]
        self.take_function(tf.nest.map_structure(tf.TensorSpec.from_tensor, batch))
        assert self.train_function is not None
        logs = self.train_function(iter([batch]))
        logs = {name: float(value) for name, value in logs.items()}
        return logs if return_dict else self._flatten_metrics_in_order(logs)

    def evaluate(self, *args: Any, **kwargs: Any) -> Any:
        """Refuses.

        Raises:
            RecipeError: Always, because the losses of a game do not say how good a picture is.
        """
        raise RecipeError(_NO_VALIDATION)

    def test_on_batch(self, *args: Any, **kwargs: Any) -> Any:
        """Refuses, as `evaluate`."""
        raise RecipeError(_NO_VALIDATION)


_NO_VALIDATION = (
    "the losses of a game do not say how good a picture is, so there is no validation by them: "
    "measure translations with tfi2i evaluate, or tfi2i.metrics in a callback's on_epoch_end"
)


def _refuse(arguments: dict[str, Any]) -> None:
    """Raises for arguments of Keras' methods that a model of several players cannot use."""
    given = {name: value for name, value in arguments.items() if value is not None}
    if given.pop("validation_split", 0.0) or "validation_data" in given:
        raise RecipeError(_NO_VALIDATION)
    for name in ("validation_steps", "validation_batch_size", "validation_freq"):
        given.pop(name, None)
    if given:
        raise RecipeError(f"{', '.join(given)}: there is nothing that this would weigh or change")


def _check_number(name: str, value: Any, *, least: int) -> None:
    """Raises for what is no whole number of at least so much; None is the default."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if value is not None and not (whole and value >= least):
        raise RecipeError(f"{name}={value!r} is not possible: give a whole number from {least}")


class _LengthOfCall(keras.callbacks.Callback):
    """Tells the model how many steps are left in the epoch."""

    def __init__(self, steps_per_epoch: int | None):
        super().__init__()
        self._steps = steps_per_epoch

    def on_train_batch_begin(self, batch: int, logs=None) -> None:
        model = cast("Fitting", self.model)
        left = None if self._steps is None else self._steps - batch
        model._steps_of_call = left and min(left, model.steps_per_execution)
