"""Objectives on the vectors of a Siamese discriminator S, which maps an image to (B, D), unbounded.

Style: vectors of real images gather at a fixed anchor p, and vectors of translated images stay a
margin away. Content: the difference between the vectors of two source images points the same way as
that between the vectors of their translations (the transformation vectors of TraVeLGAN, Amodio and
Krishnaswamy 2019, section 3.2).
"""

from collections.abc import Callable

import tensorflow as tf

from tfi2i.losses.pairs import mean_over_pairs, require_pairs

# A difference of vectors below this squared length has no direction worth a gradient.
_SMALLEST_SQUARE = 1e-8


def triplet_discriminator(
    real_vectors, fake_vectors, *, margin: float, anchor: float | tf.Tensor = 0.0
) -> tf.Tensor:
    """`mean max(0, |S(b) - p|^2 - |S(G(a)) - p|^2 + margin)`: a triplet loss.

    The anchor is a point instead of an image; the i-th real and the i-th fake vector make the i-th
    triplet (Schroff et al. 2015, equation 3).

    Args:
        real_vectors: S of real images of the target domain, (B, D).
        fake_vectors: S of translated images, (B, D).
        margin: By how much the squared distance of a fake must exceed that of a real one.
        anchor: p, a number for all components or a vector (D,).
    """
    real = _squared_distance(real_vectors, anchor)
    fake = _squared_distance(fake_vectors, anchor)
    return tf.reduce_mean(tf.nn.relu(real - fake + margin))


def least_squares_vector_discriminator(
    real_vectors, fake_vectors, *, margin: float, anchor: float | tf.Tensor = 0.0
) -> tf.Tensor:
    """`mean |S(b) - p|^2 + mean (|S(G(a)) - p| - margin)^2`: fakes belong on a sphere.

    With vectors of one component, p = 1 and margin 1 this is LSGAN's discriminator for scores up to
    1.

    Args:
        real_vectors: S of real images of the target domain, (B, D).
        fake_vectors: S of translated images, (B, D).
        margin: Radius of the sphere.
        anchor: p, a number for all components or a vector (D,).
    """
    real = _squared_distance(real_vectors, anchor)
    fake = _length(_squared_distance(fake_vectors, anchor))
    return tf.reduce_mean(real) + tf.reduce_mean(tf.square(fake - margin))


def vector_generator(fake_vectors, *, anchor: float | tf.Tensor = 0.0) -> tf.Tensor:
    """`mean |S(G(a)) - p|^2`: translated images should land on the anchor.

    Args:
        fake_vectors: S of translated images, (B, D).
        anchor: p, a number for all components or a vector (D,). With D = 1 and p = 1 this is
            LSGAN's generator loss.
    """
    return tf.reduce_mean(_squared_distance(fake_vectors, anchor))


def travel_cosine(source_vectors, translated_vectors) -> tf.Tensor:
    """`1 - cos(s_i - s_j, t_i - t_j)`, averaged over all pairs i < j of the batch; in [0, 2].

    Pairs are drawn within one replica's batch, which needs at least two images.

    Args:
        source_vectors: S of the source images, (B, D).
        translated_vectors: S of their translations in the same order, (B, D).

    Raises:
        RecipeError: The batch is known to hold fewer than two images.
    """
    source = _unit(_differences(source_vectors))
    translated = _unit(_differences(translated_vectors))
    return mean_over_pairs(1.0 - tf.reduce_sum(source * translated, axis=-1))


def travel_distance(source_vectors, translated_vectors) -> tf.Tensor:
    """`|(s_i - s_j) - (t_i - t_j)|^2`, averaged over all pairs i < j of the batch.

    The distance between transformation vectors, which TraVeLGAN adds to their angle (section 3.2).
    The angle alone is also kept by translations that differ from each other too little to be seen.

    Args:
        source_vectors: S of the source images, (B, D).
        translated_vectors: S of their translations in the same order, (B, D).

    Raises:
        RecipeError: The batch is known to hold fewer than two images.
    """
    difference = _differences(source_vectors) - _differences(translated_vectors)
    return mean_over_pairs(tf.reduce_sum(tf.square(difference), axis=-1))


def separation(vectors, *, margin: float) -> tf.Tensor:
    """`max(0, margin - |s_i - s_j|)^2`, averaged over all pairs i < j.

    Keeps S from mapping all images to one point.

    Args:
        vectors: S of different images of one domain, (B, D), at least two.
        margin: Distance beyond which two vectors are far enough apart.

    Raises:
        RecipeError: The batch is known to hold fewer than two images.
    """
    distances = _length(tf.reduce_sum(tf.square(_differences(vectors)), axis=-1))
    return mean_over_pairs(tf.square(tf.nn.relu(margin - distances)))


def travel_margin(vectors, *, margin: float) -> tf.Tensor:
    """`max(0, margin - |s_i - s_j|^2)`, averaged over all pairs i < j.

    TraVeLGAN's form of `separation` (section 3.2): the hinge is not squared. In the paper it acts
    on the length; in the authors' code, and here, on the squared length.

    Args:
        vectors: S of different images of one domain, (B, D), at least two.
        margin: Squared distance beyond which two vectors are far enough apart.

    Raises:
        RecipeError: The batch is known to hold fewer than two images.
    """
    squares = tf.reduce_sum(tf.square(_differences(vectors)), axis=-1)
    return mean_over_pairs(tf.nn.relu(margin - squares))


def vector_gradient_penalty(encode: Callable[[tf.Tensor], tf.Tensor], real, direction) -> tf.Tensor:
    """`mean |grad_x v.S(x)|^2` at real images: R1 (Mescheder et al. 2018, equation 9) for vectors.

    R1 wants a discriminator that is flat where images are real, so that the players settle instead
    of circling. For a vector, its expectation over v ~ N(0, I) is the squared norm of all
    gradients.

    Args:
        encode: S, from images (B, H, W, C) to vectors (B, D) or to one vector for each patch, (B,
            h, w, D), which are summed. It must not make the images of a batch depend on each other.
        real: Real images of the target domain, (B, H, W, C).
        direction: v, (D,).
    """
    with tf.GradientTape() as tape:
        tape.watch(real)
        vectors = tf.cast(encode(real), tf.float32)
        along = tf.tensordot(vectors, direction, axes=1)
    gradients = tf.cast(tape.gradient(along, real), tf.float32)
    return tf.reduce_mean(tf.reduce_sum(tf.square(gradients), axis=[1, 2, 3]))


def _squared_distance(vectors, anchor) -> tf.Tensor:
    """(B, D) -> (B,): squared Euclidean distance to the anchor."""
    difference = tf.cast(vectors, tf.float32) - tf.cast(anchor, tf.float32)
    return tf.reduce_sum(tf.square(difference), axis=-1)


def _length(squares) -> tf.Tensor:
    """Square root with a gradient of zero at zero, where the plain root has an infinite one."""
    positive = squares > 0.0
    return tf.where(positive, tf.sqrt(tf.where(positive, squares, 1.0)), 0.0)


def _unit(vectors) -> tf.Tensor:
    """Vectors of length one; nearly zero vectors stay short, with a finite gradient."""
    squares = tf.reduce_sum(tf.square(vectors), axis=-1, keepdims=True)
    return vectors * tf.math.rsqrt(tf.maximum(squares, _SMALLEST_SQUARE))


def _differences(vectors) -> tf.Tensor:
    """(B, D) -> (B, B, D): all differences `v_i - v_j`."""
    vectors = tf.cast(require_pairs(vectors), tf.float32)
    return vectors[:, tf.newaxis] - vectors[tf.newaxis]
