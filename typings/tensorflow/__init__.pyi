# The stubs that pyright brings lack much of TensorFlow and reject right calls (a list of gradients,
# tf.random.experimental): everything in it is of any type instead.
from typing import Any

def __getattr__(name: str) -> Any: ...
