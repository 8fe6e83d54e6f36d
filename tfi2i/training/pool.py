"""The history of generated images for discriminators (Shrivastava et al. 2017)."""

import keras
import tensorflow as tf

from tfi2i.errors import RecipeError
from tfi2i.training.replicas import gather_replicas, own_share, random_order


class ImagePool(keras.layers.Layer):
    """Returns, half of the time, an older generated image in place of the newest.

    Until the pool is full every image is stored and returned. After that each image is exchanged
    for a random stored one with probability 1/2, and is otherwise returned as it is. The pool is
    part of the model's saved state. Several replicas all hold the same pool, filled from the global
    batch, so that N replicas equal one.

    For a batch of more than one image the slots drawn are distinct; the papers use batches of one.
    """

    def __init__(self, size: int, image_shape: tuple[int, int, int], name: str):
        """Allocates the pool.

        Args:
            size: Number of images kept; the paper's is 50, 0 turns the pool off.
            image_shape: (H, W, C) of the generated images, fixed during training.
            name: Unique within the model.
        """
        super().__init__(name=name, trainable=False, dtype="float32")
        self.size = size
        if size:
            self.images = self.add_weight(
                name="images",
                shape=(size, *image_shape),
                initializer="zeros",
                trainable=False,
                aggregation="only_first_replica",
            )
            self.stored = self.add_weight(
                name="stored",
                shape=(),
                # TensorFlow keeps variables of int32 off GPUs, where XLA does not find them.
                dtype="int64",
                initializer="zeros",
                trainable=False,
                aggregation="only_first_replica",
            )
        self.built = True

    def exchange(self, images: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """Stores new images and returns those that the discriminator shall see.

        Args:
            images: float32 (B, H, W, C) in [-1, 1], this replica's newest images.
            seed: int32 (2,), equal on all replicas.

        Returns:
            float32 (B, H, W, C).

        Raises:
            RecipeError: If the global batch has more images than the pool.
        """
        if not self.size:
            return images
        newest = gather_replicas(tf.stop_gradient(images))
        count = newest.shape[0]
        if count is None or count > self.size:
            raise RecipeError(
                f"an image pool of {self.size} cannot serve a batch of {count} images: raise "
                "model.pool_size or lower data.batch_size"
            )
        pool, stored = self.images.value, self.stored.value

        # While filling, image i takes the next free slot; a full pool offers distinct random slots.
        # Images that overflow in the one batch that completes the pool are shown and not stored:
        # their slots begin anew at 0, so that all slots of a batch are distinct.
        full = stored >= self.size
        free_slots = stored + tf.range(count, dtype=tf.int64)
        random_slots = random_order(self.size, seed)[:count]
        slots = tf.where(full, tf.cast(random_slots, tf.int64), free_slots % self.size)
        coin = tf.random.stateless_uniform([count], tf.bitwise.invert(seed)) < 0.5
        swap = tf.logical_and(full, coin)
        store = tf.where(full, swap, free_slots < self.size)

        # Images that are not stored write back what their slots had: shapes do not depend on the
        # draw, which XLA needs.
        older = tf.gather(pool, slots)
        shown = tf.where(swap[:, None, None, None], older, newest)
        written = tf.where(store[:, None, None, None], newest, older)
        kept = tf.tensor_scatter_nd_update(pool, slots[:, None], written)
        self.images.assign(kept)
        self.stored.assign(tf.minimum(stored + count, self.size))
        return own_share(shown, images.shape[0])
