"""What a translator takes beside images: the domain to go to, a latent, or the image of a style."""

from dataclasses import dataclass
from typing import Any, Literal

import tensorflow as tf

from tfi2i.data.decode.values import EIGHT_BITS


@dataclass(frozen=True)
class Condition:
    """The second input of a translator, which clients give by name for every image.

    Attributes:
        kind: `domain`, the number of the domain to translate to; `latents`, a draw from N(0, I);
            or `style`, an image in 0..255. It is the input's name too.
        length: Domains that there are, components of a latent, or channels of a style.
        names: Of the domains, in the order of their numbers.
    """

    kind: Literal["domain", "latents", "style"]
    length: int
    names: tuple[str, ...] = ()

    def spec(self, batch: tuple[int | None, ...] = (None,)) -> tf.TensorSpec:
        """What a client gives for a batch; for an empty tuple, what it gives for one image."""
        shape = {
            "domain": batch,
            "latents": (*batch, self.length),
            "style": (*batch, None, None, self.length),
        }[self.kind]
        dtype = tf.int64 if self.kind == "domain" else tf.float32
        return tf.TensorSpec(shape, dtype, name=self.kind)

    def as_input(self, given: tf.Tensor) -> Any:
        """What a client gives for one image, as the network takes it: a batch of one."""
        if self.kind == "domain":
            return tf.one_hot(given, self.length)[tf.newaxis]
        return EIGHT_BITS.to_float(given)[tf.newaxis] if self.kind == "style" else given[tf.newaxis]

    def fixed_spec(self, image_size: tuple[int, int]) -> tf.TensorSpec:
        """What stands beside one image in files of a fixed size; a style is a float in [-1, 1]."""
        if self.kind == "domain":
            return tf.TensorSpec((1,), tf.int64, name=self.kind)
        shape = (1, *image_size, self.length) if self.kind == "style" else (1, self.length)
        return tf.TensorSpec(shape, tf.float32, name=self.kind)

    def for_size_of(self, image: tf.Tensor) -> tf.Tensor:
        """Something to give with an image in a graph that is drawn and not run."""
        if self.kind == "domain":
            return tf.constant(0, tf.int64)
        return image if self.kind == "style" else tf.zeros((self.length,))

    def facts(self) -> dict[str, Any]:
        """For a reader of JSON: the input's name, and what it is."""
        if self.kind == "domain":
            return {"domain": {"dtype": "int64", "numbers_of": list(self.names)}}
        if self.kind == "latents":
            return {"latents": {"dtype": "float32", "length": self.length, "prior": "N(0, I)"}}
        return {"style": {"dtype": "float32", "channels": self.length, "low": 0, "high": 255}}

    def words(self) -> str:
        """The input as it stands in a signature's description."""
        if self.kind == "domain":
            numbers = ", ".join(f"{number} {name}" for number, name in enumerate(self.names))
            return f"domain int64 (B,): {numbers}"
        if self.kind == "latents":
            return f"latents float32 (B, {self.length}) from N(0, I)"
        return f"style float32 (B, h, w, {self.length}) 0..255"
