"""The part of a run that is made before anything is written: its images, model and batches.

`tfi2i train` and its `--dry-run` both go through `prepare`, so that they find the same mistakes.
"""

from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from tfi2i.data import (
    DataSource,
    at_trained_scale,
    check_crop,
    open_source,
    steps_per_epoch,
)
from tfi2i.data.limits import with_validation
from tfi2i.data.scale import TrainedScale
from tfi2i.errors import DataError, RecipeError
from tfi2i.image_sizes import Size, height_and_width
from tfi2i.machine import computes_bfloat16
from tfi2i.networks import check_image_size
from tfi2i.recipe import Recipe, TrainSettings
from tfi2i.training.gan import GAN
from tfi2i.training.given_data import check_batch_size
from tfi2i.training.schedule import run_schedule
from tfi2i.training.stages import check_epochs

# Iterations of a run: checkpoints have them in their names, in nine digits.
_MOST_ITERATIONS = 10**9 - 1


@dataclass(frozen=True)
class Preparation:
    """What `prepare` made from a recipe.

    Attributes:
        source: The images.
        steps_per_epoch: Iterations in an epoch.
        model: Built and compiled, with its first weights.
    """

    source: DataSource
    steps_per_epoch: int
    model: GAN


def prepare(
    recipe: Recipe,
    variant_class: type[GAN],
    *,
    strategy: tf.distribute.Strategy,
    replicas: int,
    source: DataSource | None = None,
) -> Preparation:
    """Opens the images and builds the model; nothing is written.

    Args:
        recipe: Resolved for `variant_class`.
        variant_class: The class that `recipe.variant` names.
        strategy: Where the model's weights are made.
        replicas: Devices that a batch will be shared among.
        source: The images, where they are open already.

    Raises:
        DataError: If the images, or a style image, cannot be used as asked.
        RecipeError: If settings do not fit each other, the images or the devices.
        MissingExtraError: If a package for the images or the model is not installed.
    """
    settings = recipe.train_settings()
    _set_up_process(settings)
    source = source or open_images(recipe, variant_class)
    if settings.evaluate_every:
        source = _with_validation(recipe, variant_class, source)
    steps = _checked_steps(recipe, source, settings)
    config = variant_class.completed_config(recipe.model_config(variant_class), source)
    load_size, crop_size = recipe.data["load_size"], recipe.data["crop_size"]
    source = at_trained_scale(source, load_size=load_size, crop_size=crop_size)
    with strategy.scope():
        model = _build(recipe, variant_class, config)
        model.trained_scale = TrainedScale.of(source, load_size)
        model.value_ranges = dict(zip("ab", source.value_ranges, strict=True))
    _check_sizes(model, crop_size)
    check_epochs(model.stages, settings.epochs)
    check_batch_size(model, recipe.data["batch_size"], "data.batch_size", replicas)
    with strategy.scope():
        model.compile(
            **recipe.arguments_for("train", variant_class.make_players),
            schedule=run_schedule(settings, steps),
            steps_per_execution=settings.steps_per_execution,
            jit_compile=settings.xla,
        )
    return Preparation(source, steps, model)


def open_images(recipe: Recipe, variant_class: type[GAN]) -> DataSource:
    """Finds the images of a recipe.

    Raises:
        DataError: If they cannot be used as asked.
        RecipeError: If the recipe asks for another kind than the variant trains on.
    """
    arguments = recipe.arguments_for("data", open_source)
    kind = variant_class.batch_kind
    if arguments["kind"] not in (None, kind):
        raise RecipeError(
            f"{recipe.variant} trains on {kind} images, not on {arguments['kind']} ones: leave "
            "data.kind out"
        )
    return open_source(**{**arguments, "kind": kind})


def _set_up_process(settings: TrainSettings) -> None:
    """What holds for all models of this process."""
    keras.utils.set_random_seed(settings.seed)
    if settings.deterministic:
        tf.config.experimental.enable_op_determinism()
    keras.config.set_dtype_policy(_dtype_policy(settings.precision))


def _dtype_policy(precision: str) -> str:
    """The name of Keras' policy for `train.precision`."""
    if precision != "auto":
        return precision
    return "mixed_bfloat16" if computes_bfloat16() else "float32"


def _with_validation(recipe: Recipe, variant_class: type[GAN], source: DataSource) -> DataSource:
    if source.kind == "images" and not variant_class.measures_one_domain:
        raise RecipeError(
            f"train.evaluate_every={recipe.train['evaluate_every']}: {recipe.variant} trains on "
            "images of one domain, and there is no second one to measure against: leave it out"
        )
    return with_validation(source)


def _checked_steps(recipe: Recipe, source: DataSource, settings: TrainSettings) -> int:
    if source.dataset is None:
        check_crop(source, recipe.data["load_size"], recipe.data["crop_size"])
    steps = steps_per_epoch(source, recipe.data["batch_size"])
    if settings.epochs * steps > _MOST_ITERATIONS:
        raise RecipeError(
            f"{settings.epochs:,} epochs of {steps:,} iterations are more than a run can have "
            f"({_MOST_ITERATIONS:,}): set train.epochs to at most {_MOST_ITERATIONS // steps:,}"
        )
    return steps


def _build(recipe: Recipe, variant_class: type[GAN], config: dict[str, Any]) -> GAN:
    try:
        return variant_class(**config)
    except (ValueError, DataError) as error:
        # Keras' layers raise a ValueError if the settings leave nothing to convolve.
        words = " ".join(str(error).split())[:300]
        raise RecipeError(
            f"{recipe.variant} cannot be built for images of {recipe.data['crop_size']} px "
            f"(data.crop_size) with these settings of the section model: {words}"
        ) from error
    except tf.errors.ResourceExhaustedError as error:
        raise RecipeError(
            f"the networks of {recipe.variant} do not fit into the memory: set model.filters or "
            "data.crop_size lower"
        ) from error


def _check_sizes(model: GAN, crop_size: Size) -> None:
    height, width = height_and_width(crop_size)
    for network in (*(view.network for view in model.views.values()), *model.networks):
        if getattr(network, "inputs", None):  # of a graph of layers, which alone can be asked
            check_image_size(network, height, width)
