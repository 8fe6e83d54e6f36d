"""A contestant: training steps of a variant of the zoo, through Keras' `fit`."""

import argparse
import os
import subprocess
import time
from typing import Any, NoReturn

import keras
import numpy as np
import tensorflow as tf

from benchmarks.given_networks import OPTIONS
from benchmarks.replicas import second_worker, strategy_of
from benchmarks.worker import next_units, peak_mib, say, take_turns, tensorflow_gpu
from tfi2i.layers import (
    BlockConv2D,
    LeakyReLU,
    ProductConv2D,
    ProductConv2DTranspose,
    product_convolution,
)
from tfi2i.recipe import load_recipe
from tfi2i.zoo.catalogue import find_variant


class TakeTurns(keras.callbacks.Callback):
    """Holds `fit` between the race's turns; a step is what lies between two batch ends.

    Keras reads the losses at each, so that a GPU's step is over too. There a turn is timed as a
    whole, as that of every other contestant.
    """

    def __init__(self, facts: dict, steps: int, second: subprocess.Popen | None):
        """Facts are said after the first `steps` (per execution), which build and trace."""
        super().__init__()
        self._facts, self._steps, self._second = facts, steps, second
        self._seconds: list[float] = []
        self._left = 0
        self._last: float | None = None
        self._gpu = tensorflow_gpu()

    def on_train_begin(self, logs=None):
        """Starts the clock of the first step."""
        self._start = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        """Notes the step; at the end of a turn answers, and waits for the next one."""
        now = time.perf_counter()
        if self._last is None:
            say(first_step_s=round(now - self._start, 1), **self._facts)
        else:
            self._seconds.append((now - self._last) / self._steps)
            self._left -= self._steps
            if self._left <= 0:
                mean = [sum(self._seconds) / len(self._seconds)]
                say(seconds=mean if self._gpu else self._seconds)
        if self._left <= 0:
            self._seconds, self._left = [], next_units() or self._finish()
        self._last = time.perf_counter()

    def _finish(self) -> NoReturn:
        """Tells the memory of all processes, and ends them at once.

        TensorFlow would take up to 20 seconds to take its graphs apart, and the second worker,
        which runs on, would disturb what the strategy does when `fit` ends.
        """
        memory = self._gpu[1]() if self._gpu else peak_mib()
        if self._second is not None:
            memory += peak_mib(self._second.pid)
            self._second.kill()
        say(peak_mib=memory)
        os._exit(0)


def make_plain(kinds: list[str]) -> None:
    """Takes layers of the zoo back to Keras' and TensorFlow's own form."""
    if "last" in kinds:
        BlockConv2D.call = keras.layers.Conv2D.call
    if "small" in kinds:
        ProductConv2D.convolution_op = keras.layers.Conv2D.convolution_op
        ProductConv2DTranspose.call = keras.layers.Conv2DTranspose.call
    if "narrow" in kinds:
        product_convolution.kernel_gradient_is_faster = lambda kernel, narrow: False
    if "rectifier" in kinds:
        LeakyReLU.call = keras.layers.LeakyReLU.call


def make_model(arguments: argparse.Namespace) -> keras.Model:
    """The variant at its published size, with a recipe's networks, or as tiny as it gets."""
    make_plain(arguments.plain)
    variant = find_variant(arguments.variant)
    changes: dict[str, Any] = {}
    if arguments.recipe:
        changes |= load_recipe(variant.recipe_path(arguments.recipe)).model
    if arguments.upsampling:
        changes["upsampling"] = arguments.upsampling
    changes |= OPTIONS.get(arguments.variant, {})
    if arguments.tiny:
        changes |= {"filters": 1, "discriminator_filters": 1}
    model = variant.load_class()(crop_size=arguments.size, **changes)
    options = {"jit_compile": arguments.xla, "steps_per_execution": arguments.steps}
    if arguments.keras_adam:
        adam = {"learning_rate": 2e-4, "beta_1": 0.5, "epsilon": 1e-8}
        players = ("generator", "discriminator")
        optimizers = {name: keras.optimizers.Adam(**adam) for name in players}
        model.compile(optimizers=optimizers, **options)
    else:
        model.compile(**options)
    return model


def main() -> None:
    """Builds the variant and trains it on one batch of noise again and again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("variant")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--keras-adam", action="store_true", help="without the fused kernel")
    parser.add_argument(
        "--plain",
        nargs="*",
        default=[],
        choices=["last", "small", "narrow", "rectifier"],
        help="layers without the zoo's form: BlockConv2D, ProductConv2D, its gradients, LeakyReLU",
    )
    parser.add_argument("--upsampling", help="of the generator, where not the variant's own")
    parser.add_argument("--recipe", help="whose networks to take, where not the published ones")
    parser.add_argument("--tiny", action="store_true", help="one channel where there are 64")
    parser.add_argument("--bare", action="store_true", help="the compiled step without fit")
    parser.add_argument("--xla", action="store_true", help="compiled by XLA")
    parser.add_argument("--steps", type=int, default=1, help="in one call of the compiled function")
    parser.add_argument("--replicas", default="one", choices=["one", "devices", "workers"])
    arguments = parser.parse_args()
    libraries = round(peak_mib())
    second = second_worker() if arguments.replicas == "workers" else None
    strategy = strategy_of(arguments.replicas)
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(arguments.precision)
    with strategy.scope():
        model = make_model(arguments)
    shape = (arguments.batch, arguments.size, arguments.size, 3)
    images = np.random.default_rng(0).uniform(-1, 1, (2, *shape)).astype(np.float32)
    weights = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    facts = {"weights": weights, "libraries_mib": libraries}
    # A pair for a translator; a generator learns from images alone.
    batch = (images[0], images[1]) if model.batch_kind != "images" else images[0]
    if arguments.bare:
        batch = tf.nest.map_structure(tf.constant, batch)
        step = tf.function(model.train_step, jit_compile=arguments.xla)
        take_turns(lambda: step(batch), tensorflow_gpu(), **facts)
        return
    batches = tf.data.Dataset.from_tensors(batch).repeat()
    # One epoch without an end: Keras would start the iterator anew with every epoch. A second
    # worker follows the first one's steps until it is stopped.
    follows = arguments.replicas == "workers" and second is None
    callbacks = [
        keras.callbacks.Callback() if follows else TakeTurns(facts, arguments.steps, second)
    ]
    model.fit(batches, steps_per_epoch=10**9, verbose=0, callbacks=callbacks)


if __name__ == "__main__":
    main()
