"""Networks that measure are of one precision, whatever the models that they measure have."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def single_precision() -> Iterator[None]:
    """Layers that are made meanwhile compute in float32; also a decorator of what makes them.

    A training in half precision sets Keras' policy for all layers of the process. Figures that are
    taken during that training must equal those that `tfi2i evaluate` takes afterwards.
    """
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
