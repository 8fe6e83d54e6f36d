"""What every variant shares: players, the iteration counter, saved state, Keras' `fit`."""

import inspect
from typing import TYPE_CHECKING, Any, ClassVar

import keras
import tensorflow as tf

from tfi2i.errors import DataError, RecipeError
from tfi2i.image_sizes import Size
from tfi2i.recipe import CHANNELS
from tfi2i.training.files.saved import Saved
from tfi2i.training.fitting import Fitting
from tfi2i.training.optimizers import PlayerOptimizers, optimizer_for_each
from tfi2i.training.player import Player
from tfi2i.training.replicas import draw_seed, mean_over_replicas
from tfi2i.training.schedule import Schedule, Unit
from tfi2i.training.sheet import Panel
from tfi2i.training.stages import stage_at
from tfi2i.training.views import View

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.metrics import FeatureExtractor


class GAN(Fitting, Saved):
    """Base of every variant; the algorithm itself is the variant's own `train_step`.

    A variant builds its networks in `__init__` and states its players in `make_players`; `compile`
    makes them ready, and `fit` trains. All state that training needs is in `state()`: a run that is
    killed and resumed from it continues bit for bit on CPU.

    Attributes:
        batch_kind: What `train_step` takes: `images`, `labelled`, `captioned`, `paired` or
            `unpaired`.
        discriminator_game: Name of the log that shows how well the discriminator tells real from
            fake, and its value where it cannot tell at all; `tfi2i.training.health` reads it. None
            where there is no discriminator, or where a critic has a gradient that never vanishes.
        smallest_batch: Images that `train_step` needs in the batch of all replicas.
        mini_batches: Name of the constructor's argument that says into how many mini-batches
            `train_step` divides a batch, one for each update of a critic; None if it does not
            divide it.
        pace: Names of the constructor's arguments that divide a training: epochs or iterations,
            which a longer or shorter training has in proportion.
        crop_size: Side of the training images in pixels, or (height, width).
        measures_one_domain: Whether `measure` needs no second domain beside what is trained on.
    """

    batch_kind: ClassVar[str]
    discriminator_game: ClassVar[tuple[str, float] | None] = None
    smallest_batch: ClassVar[int] = 1
    mini_batches: ClassVar[str | None] = None
    pace: ClassVar[tuple[str, ...]] = ()
    crop_size: Size
    measures_one_domain: ClassVar[bool] = False

    @property
    def mini_batch_count(self) -> int:
        """How many mini-batches `train_step` makes; the batch is a multiple of it."""
        return getattr(self, self.mini_batches) if self.mini_batches else 1

    @property
    def image_channels(self) -> tuple[int, ...]:
        """Channels of a batch's images: of its one part, or of `a` and `b`."""
        return (3,)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Does nothing: Keras' own calls the model on per-replica batches (keras#20585)."""

    def make_players(self, **settings: Any) -> dict[str, Player]:
        """States the players of the paper's game; every variant has its own.

        Its keyword arguments, with the paper's values as defaults, are settings of the recipe's
        section `train` and arguments of `compile`: learning rates, decays, `ema_decay`.

        Returns:
            Name to the player, each with its networks and the paper's optimizer for them.
        """
        raise NotImplementedError(f"{type(self).__name__} states no players")

    def compile(
        self,
        *,
        optimizers: Any = None,
        schedule: Schedule | None = None,
        jit_compile: bool = False,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        **settings: Any,
    ) -> None:
        """Makes the players, ready to be trained; without arguments they are the paper's.

        Args:
            optimizers: Optimizers in place of the paper's: name of the player to an optimizer, for
                all players, as Keras knows optimizers: an object, a name or a configuration. One
                name or configuration is for all of them. It brings its own rate, and the paper's
                schedule for the player is left out.
            schedule: Of the learning rates of all players that have none of their own.
            jit_compile: Compile the iteration with XLA. Off by default: on processors XLA is slower
                for these networks (docs/speed.md); it hangs under some strategies (keras#20763).
            run_eagerly: As Keras' `compile` has it.
            steps_per_execution: As Keras' `compile` has it.
            **settings: Those of the variant's `make_players`, such as learning rates.

        Raises:
            RecipeError: If the names of players and optimizers differ, two players would share an
                optimizer, or an argument has no meaning here or an impossible value.
        """
        known = inspect.signature(self.make_players).parameters
        unused = [name for name in settings if name not in known]
        players = self.make_players(**{k: v for k, v in settings.items() if k in known})
        if unused:
            raise RecipeError(
                f"compile does not take {', '.join(unused)}: losses are the variant's own, and the "
                f"players {' and '.join(players)} have an optimizer each: "
                "compile(optimizers={name: optimizer}), or none for the paper's"
            )
        if not isinstance(steps_per_execution, int) or steps_per_execution < 1:
            raise RecipeError(
                f"steps_per_execution={steps_per_execution!r} is not possible: give a whole number "
                "from 1"
            )
        if optimizers:
            for name, optimizer in optimizer_for_each(list(players), optimizers).items():
                players[name].take(optimizer)
        super().compile(
            optimizer=None,
            loss=None,
            jit_compile=jit_compile,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
        )
        for name, player in players.items():
            player.schedule = player.schedule or schedule
            player.build(name, self)
        self.players = players
        self.absent = frozenset()  # They are trained from now on.
        self.optimizer = PlayerOptimizers([player.optimizer for player in players.values()])

    @classmethod
    def completed_config(cls, config: dict[str, Any], source: "DataSource") -> dict[str, Any]:
        """The constructor's arguments, with those filled in that the training images decide.

        Args:
            config: The arguments that the recipe gives.
            source: The images.

        Raises:
            RecipeError: If the arguments do not fit the images.
        """
        found: dict[str, int] = dict(zip(("a", "b"), source.channels, strict=True))
        arguments = inspect.signature(cls.__init__).parameters
        asked = [name for name in CHANNELS if name in arguments]
        if not asked and set(found.values()) != {3}:
            raise RecipeError(
                f"{cls.variant_name()} takes colour images only: set data.channels=3 and leave "
                "data.derive out"
            )
        for name in asked:
            channels = found[CHANNELS[name]]
            if config[name] != channels:
                raise RecipeError(
                    f"model.{name} is {config[name]}, but the images of domain "
                    f"{CHANNELS[name]} have {channels} channel(s): leave model.{name} out to "
                    "take those, or change data.channels"
                )
        return config

    def prepare(self, source: "DataSource") -> None:
        """Looks at the training images once, before the first iteration of a new run.

        What a variant learns here it keeps in variables of its saved state. Most variants need
        nothing.

        Args:
            source: The images that it will be trained on.
        """

    def time(self, by: Unit) -> tf.Tensor:
        """Completed iterations, or epochs of this `fit`: what schedules are functions of."""
        return (self.iteration if by == "iterations" else self.epoch).value

    def rests(self, player: str) -> bool:
        """Whether a player learns nothing in the present stage."""
        learning = self.stage.players
        return learning is not None and player not in learning

    def begin_epoch(self, epoch: int) -> None:
        """Notes that an epoch begins, and with it perhaps a stage; no stage comes back."""
        self.epoch.assign(epoch)
        number = stage_at(self.stages, epoch)
        if number > int(keras.ops.convert_to_numpy(self.stage_number)):
            self.stage_number.assign(number)
            self.take_function()

    def noise_seed(self, site: int, *, per_replica: bool = True) -> tf.Tensor:
        """Seed for a stateless random operation of this iteration; see `draw_seed`."""
        return draw_seed(self.seed, self.iteration.value, site, per_replica=per_replica)

    def report(self, **logs: tf.Tensor) -> dict[str, tf.Tensor]:
        """Ends an iteration: counts it and returns the logs as means over the global batch."""
        self.iteration.assign_add(1)
        self.note_logs(logs)
        logs = mean_over_replicas(logs)
        if isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy):
            # Keras reduces the logs of this strategy along axis 0 and refuses scalars.
            logs = {name: tf.reshape(value, (1,)) for name, value in logs.items()}
        return logs

    # --- what a model can do ---

    @property
    def views(self) -> dict[str, View]:
        """What the trained model can be used for, by name; the first is the main one."""
        return {}

    @property
    def open_views(self) -> dict[str, View]:
        """Generators with what they take beside images left open: one file for all their answers.

        The last output of such a network is the image that was asked for. Where it has two, it
        bears the name of a translator, and the first output is that translator's: the answer to
        those who ask for none.
        """
        return {}

    @property
    def label_names(self) -> tuple[str, ...]:
        """Names of the labels of a `labelled` batch, in the order of their numbers."""
        return ()

    @property
    def caption_length(self) -> int:
        """Components of the embeddings in a `captioned` batch."""
        return 0

    def facts(self) -> dict[str, str]:
        """What a run notes besides the arguments; it goes on only where this is the same."""
        return {}

    def sheet(
        self, source: "DataSource", *, split: str, size: Size, limit: int | None = None
    ) -> list[Panel]:
        """Pictures that show what the model does, from the weights that it has.

        Args:
            source: The images.
            split: Which part of them: `test`, `val` or `train`.
            size: Side of the pictures in pixels.
            limit: Pictures of each domain at most.
        """
        raise NotImplementedError(f"{type(self).__name__} shows no pictures")

    def measure(
        self,
        source: "DataSource",
        *,
        split: str,
        size: Size,
        limit: int | None = None,
        extractor: "FeatureExtractor | None" = None,
        features: bool = True,
    ) -> dict[str, Any]:
        """The figures that say how good the model is, beside baselines that cost nothing.

        Args:
            source: The images.
            split: Which part of them: `test`, `val` or `train`.
            size: Side of the images in pixels, or (height, width), that the networks take.
            limit: Images of each domain at most, spread evenly; None for all.
            extractor: Features for FID and KID; None takes those of `tfi2i.metrics.evaluate`.
            features: False leaves FID and KID out.

        Returns:
            What `tfi2i.metrics.evaluate` gives for the main view; further views by their names.

        Raises:
            DataError: If the images do not allow it, or the model makes none of new images.
        """
        raise DataError(
            f"{self.name} makes no images of new ones; its own measures are named by --measure"
        )
