"""From a recipe and a folder to a trained model; after a kill, the same call goes on."""

import logging
import warnings
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from tfi2i.data import DataSource, data_error_in
from tfi2i.data.pipeline.batches import batches_from
from tfi2i.errors import RunError
from tfi2i.machine import computing_threads, describe_machine
from tfi2i.recipe import Recipe
from tfi2i.training.files.checkpoints import Checkpoints, iteration_of
from tfi2i.training.files.model_facts import image_facts, write_model_facts
from tfi2i.training.gan import GAN
from tfi2i.training.run.callbacks import (
    WarnWhenDiscriminatorWins,
    WriteMetrics,
    WriteSamples,
)
from tfi2i.training.run.folder import RunFolder
from tfi2i.training.run.preparation import prepare
from tfi2i.training.run.resuming import check_resumable, mend, planned_epochs
from tfi2i.training.run.safety_callbacks import StopOnSignal, StopWhenNotFinite, WriteCheckpoints
from tfi2i.training.run.start import Start, begin_from
from tfi2i.training.run.validation_callbacks import WriteFigures
from tfi2i.training.schedule import LinearDecay, lengthened_in_words
from tfi2i.training.strategy import is_chief, make_strategy

LOG = logging.getLogger("tfi2i")


class Training:
    """One run: the constructor prepares it and finds mistakes early, `fit` carries it out.

    Attributes:
        recipe: The resolved recipe.
        source: The images.
        model: Built, compiled, and restored if the folder has a checkpoint.
        steps_per_epoch: Iterations in an epoch.
        resumed_from: The checkpoint that was restored, or None.
        start: What a new run begins from by `train.start_from`; None where it is resumed.
        finished: Whether `fit` came to the last epoch (False after SIGTERM).
    """

    def __init__(
        self,
        recipe: Recipe,
        variant_class: type[GAN],
        folder: RunFolder,
        *,
        source: DataSource | None = None,
    ):
        """Opens the data, prepares the folder, builds and restores the model.

        Args:
            recipe: A recipe that is resolved for `variant_class`.
            variant_class: The class that `recipe.variant` names.
            folder: A new folder, or one that this recipe began.
            source: The images of the recipe, where they are open already.

        Raises:
            DataError: If the images cannot be used as asked.
            RecipeError: If settings do not fit each other, the images or the devices.
            RunError: If the folder belongs to another recipe or to other images.
            WeightsError: If the run cannot begin from the weights that it should.
        """
        # Settings and devices.
        self.recipe, self.folder = recipe, folder
        self.settings = recipe.train_settings()
        self.strategy = make_strategy(self.settings.strategy)
        self.is_chief = is_chief(self.strategy)

        # Images and model. What can be wrong with a recipe is found here, and nothing is written.
        prepared = prepare(
            recipe,
            variant_class,
            strategy=self.strategy,
            replicas=self.strategy.num_replicas_in_sync,
            source=source,
        )
        self.source, self.model = prepared.source, prepared.model
        self.steps_per_epoch = prepared.steps_per_epoch
        self.batch_size = recipe.data["batch_size"]

        # Folder, held by this process from here on.
        before = planned_epochs(folder)
        self.start: Start | None = None
        goes_on = self._open_folder(self._facts())

        # State: of the newest checkpoint, or of a start.
        with self.strategy.scope():
            self.resumed_from = self.checkpoints.restore(self.model) if goes_on else None
            if self.resumed_from is None:
                self.model.prepare(self.source)
        trained = self.iteration / self.steps_per_epoch
        words = lengthened_in_words(before=before, settings=self.settings, trained=trained)
        if goes_on and words:
            warnings.warn(words, stacklevel=2)
        if self.is_chief:
            folder.forget_after(self.iteration)
        self.finished = False

    def _open_folder(self, facts: dict[str, Any]) -> bool:
        """Holds the folder; if nothing was trained in it, the run begins anew.

        Returns:
            Whether the run goes on with what is there.
        """
        folder = self.folder
        newest = self.checkpoints.newest()
        if self.is_chief and newest is not None:
            folder.claim()
        try:
            goes_on = newest is not None and self._fits(newest, facts)
            if not goes_on and self.settings.start_from is not None:
                # Before anything is written: the weights may not fit.
                with self.strategy.scope():
                    self.start = begin_from(self.model, self.settings.start_from)
                facts = {**facts, "started_from": self.start.facts}
            if self.is_chief:
                folder.claim()
                if newest is None and self.checkpoints.newest() is not None:
                    raise RunError(
                        f"another process has just trained in {folder.path}: give the command "
                        "again to go on with its run, or another --run"
                    )
                if not goes_on:
                    self.checkpoints.remove_all()
                write_model_facts(
                    folder.path,
                    self.recipe.variant,
                    self.model.get_config(),
                    **image_facts(self.model),
                )
                if goes_on:
                    mend(folder, self.recipe, facts)
                else:
                    folder.create(self.recipe, facts)
        except BaseException:
            folder.release()
            raise
        return goes_on

    def _fits(self, newest: Path, facts: dict[str, Any]) -> bool:
        """Whether the run goes on from the checkpoints that are there.

        Raises:
            RunError: They are those of another run.
        """
        try:
            check_resumable(self.folder, self.recipe, facts)
        except RunError:
            if iteration_of(newest) > 0:
                raise
            # Its first image was damaged, say: there is nothing to lose.
            return False
        return True

    @property
    def checkpoints(self) -> Checkpoints:
        """Of the run's folder, whose number is certain only when this process holds it."""
        return Checkpoints(self.folder.checkpoints, keep=self.settings.keep_checkpoints)

    @property
    def iteration(self) -> int:
        """Completed iterations."""
        return int(keras.ops.convert_to_numpy(self.model.iteration))

    @property
    def total_iterations(self) -> int:
        """Iterations of the whole run."""
        return self.settings.epochs * self.steps_per_epoch

    def fit(
        self,
        *,
        warn: Callable[[str], None] = LOG.warning,
        callbacks: list[keras.callbacks.Callback] | None = None,
        verbose: int | str = "auto",
    ) -> None:
        """Trains to the last epoch, or until SIGTERM.

        Args:
            warn: Shows one sentence to the user.
            callbacks: More Keras callbacks.
            verbose: The same as for Keras' `fit`.

        Raises:
            TrainingError: If a loss stops being a finite number.
        """
        with StopOnSignal() as stop:
            all_callbacks = [
                LinearDecay(epochs=self.settings.epochs, decay_epochs=self.settings.decay_epochs),
                StopWhenNotFinite(self.checkpoints),
                stop,
                *([WarnWhenDiscriminatorWins(warn=warn)] if self.model.discriminator_game else []),
                *(self._chief_callbacks(warn) if self.is_chief else []),
                *(callbacks or []),
            ]
            if self.is_chief:
                self.folder.claim()
            try:
                self._fit_rest(stop, all_callbacks, verbose)
            finally:
                self.folder.release()
        self.finished = self.iteration >= self.total_iterations

    def _fit_rest(self, stop: StopOnSignal, all_callbacks, verbose) -> None:
        epochs = self.settings.epochs
        epoch, done = divmod(self.iteration, self.steps_per_epoch)
        if done and epoch < epochs:
            # Resumed within an epoch: the run finishes it, from the batch at which it was left.
            self._fit_epochs(epoch, epoch + 1, self.steps_per_epoch - done, all_callbacks, verbose)
            epoch += 1
        if epoch < epochs and not stop.stopped:
            self._fit_epochs(epoch, epochs, self.steps_per_epoch, all_callbacks, verbose)

    @cached_property
    def _batches_from(self) -> Callable[[int], tf.data.Dataset]:
        arguments = self.recipe.arguments_for("data", batches_from)
        return batches_from(**{**arguments, "source": self.source}, seed=self.settings.seed)

    def _fit_epochs(self, first: int, last: int, steps: int, callbacks, verbose) -> None:
        try:
            self.model.fit_batches(
                self._batches_from(self.iteration),
                initial_epoch=first,
                epochs=last,
                steps_per_epoch=steps,
                callbacks=callbacks,
                verbose=verbose,
            )
        except tf.errors.OpError as error:
            # The user can mend a file that turned out damaged while it was decoded.
            raise data_error_in(error) or error from None

    def _chief_callbacks(self, warn) -> list[keras.callbacks.Callback]:
        data = self.recipe.data
        load_size = data["load_size"] if self.settings.sample_size == "load" else None
        return [
            WriteMetrics(self.folder, batch_size=self.batch_size),
            WriteSamples(
                self.folder,
                self.source,
                size=data["crop_size"] if load_size is None else load_size,
                limit=self.settings.samples,
                every=self.settings.sample_every,
                warn=warn,
            ),
            *(self._figures() if self.settings.evaluate_every else []),
            # Last: a checkpoint covers what its iterations wrote.
            WriteCheckpoints(
                self.checkpoints,
                every=self.settings.checkpoint_every,
                steps_per_epoch=self.steps_per_epoch,
            ),
        ]

    def _figures(self) -> list[keras.callbacks.Callback]:
        every, size = self.settings.evaluate_every, self.recipe.data["crop_size"]
        return [WriteFigures(self.folder, self.checkpoints, self.source, size=size, every=every)]

    def _facts(self) -> dict[str, Any]:
        return {
            **describe_machine(),
            "variant": self.recipe.variant,
            "directions": list(self.model.views),
            "takes": {name: list(view.takes) for name, view in self.model.views.items()},
            "data": self.source.description,
            "data_licence": self.source.licence,
            "data_fingerprint": self.source.fingerprint,
            **self.model.facts(),
            "skipped": self.source.skipped,
            "precision": keras.config.dtype_policy().name,
            "threads": computing_threads(),
            "replicas": self.strategy.num_replicas_in_sync,
            "parameters": {
                network.name: int(network.count_params())
                for player in self.model.players.values()
                for network in player.networks
            },
        }


def run_description(recipe: Recipe) -> str:
    """What a numbered run folder is called: the variant and the data."""
    return f"{recipe.variant}-{Path(str(recipe.data['source'])).name}"
