"""Every objective against values worked out by hand."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfi2i import losses
from tfi2i.errors import RecipeError

REAL = tf.constant([[2.0], [-1.0]])
FAKE = tf.constant([[0.5], [-3.0]])


def softplus(x):
    return math.log1p(math.exp(x))


def test_minimax_is_the_cross_entropy_of_sigmoid_scores():
    expected = (softplus(-2) + softplus(1)) / 2 + (softplus(0.5) + softplus(-3)) / 2
    assert float(losses.minimax_discriminator(REAL, FAKE)) == pytest.approx(expected, rel=1e-6)
    sigmoid = 1 / (1 + np.exp(-FAKE.numpy()))
    assert float(losses.minimax_generator(FAKE)) == pytest.approx(
        np.log(1 - sigmoid).mean(), rel=1e-5
    )
    assert float(losses.non_saturating_generator(FAKE)) == pytest.approx(
        -np.log(sigmoid).mean(), rel=1e-5
    )


def test_minimax_stays_finite_for_scores_far_out():
    far = tf.constant([1000.0, -1000.0])
    assert float(losses.minimax_discriminator(far, far)) == pytest.approx(1000.0)
    assert float(losses.non_saturating_generator(far)) == pytest.approx(500.0)


@pytest.mark.parametrize(
    ("loss", "scores", "expected"),
    [
        (losses.least_squares_discriminator, (REAL, FAKE), (1 + 4) / 2 + (0.25 + 9) / 2),
        (losses.least_squares_generator, (FAKE,), (0.25 + 16) / 2),
        (losses.hinge_discriminator, (REAL, FAKE), (0 + 2) / 2 + (1.5 + 0) / 2),
        (losses.hinge_discriminator, (FAKE, REAL), (0.5 + 4) / 2 + (3 + 0) / 2),
        (losses.hinge_generator, (FAKE,), 1.25),
        (losses.wasserstein_critic, (REAL, FAKE), -1.25 - 0.5),
        (losses.wasserstein_generator, (FAKE,), 1.25),
    ],
)
def test_score_objectives(loss, scores, expected):
    found = loss(*scores)
    assert found.shape == ()
    assert float(found) == pytest.approx(expected, rel=1e-6)


def test_generators_push_scores_up():
    for generator in (
        losses.minimax_generator,
        losses.non_saturating_generator,
        losses.least_squares_generator,
        losses.hinge_generator,
        losses.wasserstein_generator,
    ):
        assert float(generator(FAKE + 0.1)) < float(generator(FAKE)), generator.__name__


def test_reconstruction_losses_average_over_pixels_and_channels():
    black, grey = -tf.ones((2, 4, 6, 3)), tf.zeros((2, 4, 6, 3))
    half = tf.concat([black[:1], grey[:1]], axis=0)
    for loss in (losses.l1, losses.cycle, losses.identity):
        assert float(loss(black, -black)) == pytest.approx(2.0)
        assert float(loss(grey, half)) == pytest.approx(0.5)


@pytest.mark.parametrize("dtype", [tf.bfloat16, tf.float16])
def test_reduced_in_float32(dtype):
    # A sum of a million values in the images' own type would stick or overflow.
    images = tf.cast(tf.fill((1, 1000, 1000, 1), 0.1), dtype)
    loss = losses.l1(images, tf.zeros_like(images))
    assert loss.dtype == tf.float32
    assert float(loss) == pytest.approx(float(images[0, 0, 0, 0]), rel=1e-5)
    assert losses.vector_generator(images[:, 0, :, 0]).dtype == tf.float32
    assert losses.hinge_discriminator(images, images).dtype == tf.float32


def test_squared_difference_by_hand():
    black, grey = -tf.ones((2, 4, 6, 3)), tf.zeros((2, 4, 6, 3))
    half = tf.concat([black[:1], grey[:1]], axis=0)
    assert float(losses.l2(black, -black)) == pytest.approx(4.0)
    assert float(losses.l2(grey, half)) == pytest.approx(0.5)


def test_the_squared_distance_is_summed_over_an_image():
    x = tf.constant([[[1.0, -2.0]], [[0.5, 3.0]]])
    y = tf.constant([[[2.0, -0.5]], [[0.0, 1.0]]])
    # (1 + 2.25) / 2 and (0.25 + 4) / 2.
    assert float(losses.squared_distance(x, y)) == pytest.approx((1.625 + 2.125) / 2)


def test_feature_matching_compares_means_over_the_batch():
    real = [tf.constant([[1.0, 3.0], [3.0, 5.0]]), tf.constant([[0.0], [2.0]])]
    fake = [tf.constant([[1.0, 1.0]]), tf.constant([[4.0]])]
    # Means (2, 4) and (1): squared differences 1 and 9, then 9.
    assert float(losses.feature_matching(real, fake)) == pytest.approx((1 + 9) / 2 + 9)
    swapped = [tf.reverse(layer, [0]) for layer in real]
    assert float(losses.feature_matching(real, swapped)) == pytest.approx(0.0)
    assert losses.feature_matching([tf.cast(real[0], tf.bfloat16)], fake[:1]).dtype == tf.float32


def test_the_gradient_of_the_squared_weights_is_the_weights():
    kernel, bias = keras.Variable([[1.0, -2.0], [0.5, 0.0]]), keras.Variable([3.0])
    with tf.GradientTape() as tape:
        loss = losses.squared_weights([kernel, bias])
    assert float(loss) == pytest.approx((1 + 4 + 0.25 + 9) / 2)
    gradients = tape.gradient(loss, [kernel.value, bias.value])
    np.testing.assert_array_equal(tf.convert_to_tensor(gradients[0]), [[1.0, -2.0], [0.5, 0.0]])
    np.testing.assert_array_equal(tf.convert_to_tensor(gradients[1]), [3.0])


def test_gradient_penalty_of_a_linear_critic_by_hand():
    slope = tf.constant([3.0, 4.0])[None, None, None]  # of length 5 at a single pixel

    def critic(images):
        return tf.reduce_sum(images * slope, axis=[1, 2, 3])

    real, fake = tf.ones((2, 1, 1, 2)), tf.zeros((2, 1, 1, 2))
    loss = losses.gradient_penalty(critic, real, fake, tf.constant(0.5, shape=(2, 1, 1, 1)))
    assert float(loss) == pytest.approx((5 - 1) ** 2)


def test_gradient_penalty_looks_between_real_and_fake():
    seen = []

    def critic(images):
        seen.append(images)
        return tf.reduce_sum(tf.square(images), axis=-1)  # a map of scores: its sum counts

    real, fake = 2.0 * tf.ones((1, 2, 2, 1)), tf.zeros((1, 2, 2, 1))
    loss = losses.gradient_penalty(critic, real, fake, tf.constant(0.25, shape=(1, 1, 1, 1)))
    np.testing.assert_allclose(seen[0], 0.5)
    # Each of the four pixels has the slope 2 * 0.5, and the length of all is 2.
    assert float(loss) == pytest.approx((2 - 1) ** 2)


REAL_VECTORS = tf.constant([[3.0, 4.0], [0.0, 1.0]])
FAKE_VECTORS = tf.constant([[0.0, 5.0], [2.0, 0.0]])


def test_triplet_by_hand():
    # Squared distances from the origin: real 25 and 1, fake 25 and 4.
    loss = losses.triplet_discriminator(REAL_VECTORS, FAKE_VECTORS, margin=2.0)
    assert float(loss) == pytest.approx((2.0 + 0.0) / 2)
    # From (1, 1): real 4 + 9 and 1 + 0, fake 1 + 16 and 1 + 1.
    loss = losses.triplet_discriminator(REAL_VECTORS, FAKE_VECTORS, margin=5.0, anchor=1.0)
    assert float(loss) == pytest.approx(((13 - 17 + 5) + (1 - 2 + 5)) / 2)


def test_least_squares_on_vectors_by_hand():
    loss = losses.least_squares_vector_discriminator(REAL_VECTORS, FAKE_VECTORS, margin=1.0)
    assert float(loss) == pytest.approx((25 + 1) / 2 + ((5 - 1) ** 2 + (2 - 1) ** 2) / 2)
    anchor = tf.constant([0.0, 1.0])
    loss = losses.least_squares_vector_discriminator(
        REAL_VECTORS, FAKE_VECTORS, margin=1.0, anchor=anchor
    )
    assert float(loss) == pytest.approx((18 + 0) / 2 + ((4 - 1) ** 2 + (5**0.5 - 1) ** 2) / 2)
    assert float(losses.vector_generator(FAKE_VECTORS)) == pytest.approx((25 + 4) / 2)


def test_the_gradient_penalty_of_vectors_by_hand():
    """S(x) = (sum 2x, sum 3x, 0) of 4 pixels: along v its gradient is 2 v_1 + 3 v_2 everywhere."""
    images = tf.random.stateless_normal((3, 2, 2, 1), (0, 0))
    weights = tf.constant([2.0, 3.0, 0.0])

    def encode(x):
        return tf.reduce_sum(x, axis=[1, 2]) * weights

    direction = tf.constant([1.0, -2.0, 5.0])
    penalty = losses.vector_gradient_penalty(encode, images, direction)
    assert float(penalty) == pytest.approx(4 * (2.0 - 6.0) ** 2)
    # Of patches, each a pixel here, the sum is taken.
    patches = losses.vector_gradient_penalty(lambda x: x * weights, images, direction)
    assert float(patches) == pytest.approx(4 * (2.0 - 6.0) ** 2)

    with tf.GradientTape() as tape:
        tape.watch(weights)
        again = losses.vector_gradient_penalty(encode, images, direction)
    # It is there to be descended: 4 * 2 * (2 v_1 + 3 v_2) * v.
    np.testing.assert_allclose(tape.gradient(again, weights), 4 * 2 * -4.0 * direction, rtol=1e-5)


def test_one_component_and_anchor_one_is_least_squares_gan():
    random = np.random.default_rng(0)
    real = tf.constant(random.normal(size=(64, 1)), tf.float32)
    fake = tf.constant(random.uniform(-4.0, 1.0, size=(64, 1)), tf.float32)
    generator = losses.vector_generator(fake, anchor=1.0)
    assert generator.numpy() == losses.least_squares_generator(fake).numpy()
    vector = losses.least_squares_vector_discriminator(real, fake, margin=1.0, anchor=1.0)
    scores = losses.least_squares_discriminator(real, fake)
    assert float(vector) == pytest.approx(float(scores), rel=1e-6)
    # Beyond a score of 1 the two part: the sphere around the anchor has another side.
    beyond = losses.least_squares_vector_discriminator(real, 2.0 - fake, margin=1.0, anchor=1.0)
    assert float(beyond) == pytest.approx(float(scores), rel=1e-6)
    assert losses.least_squares_discriminator(real, 2.0 - fake) > beyond + 1.0


def test_travel_by_hand():
    source = tf.constant([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    # 0 -> 1 keeps its way, 0 -> 2 turns back, 1 -> 2 goes from (-1, 2) to (-5, -3).
    translated = tf.constant([[1.0, 1.0], [6.0, 1.0], [1.0, -2.0]])
    third = (-1 * -5 + 2 * -3) / math.sqrt(5 * 34)
    expected = ((1 - 1) + (1 + 1) + (1 - third)) / 3
    assert float(losses.travel_cosine(source, translated)) == pytest.approx(expected, rel=1e-5)
    assert float(losses.travel_cosine(source, 3.0 * source + 7.0)) == pytest.approx(0.0, abs=1e-6)


def test_travel_distance_by_hand():
    source = tf.constant([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    translated = tf.constant([[1.0, 1.0], [4.0, 1.0], [1.0, 3.0]])
    # 0 -> 1 is (1, 0) and (3, 0); 0 -> 2 is the same in both; 1 -> 2 is (-1, 2) and (-3, 2).
    expected = (2**2 + 0 + 2**2) / 3
    assert float(losses.travel_distance(source, translated)) == pytest.approx(expected, rel=1e-6)
    # Unlike the angle, it sees that the translations hardly differ.
    assert float(losses.travel_cosine(source, 0.01 * source)) == pytest.approx(0.0, abs=1e-5)
    assert float(losses.travel_distance(source, 0.01 * source)) > 2.0


def test_separation_by_hand():
    vectors = tf.constant([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]])
    # Distances 5, 1 and sqrt(18); only the second is below the margin.
    expected = (4 - 1) ** 2 / 3
    assert float(losses.separation(vectors, margin=4.0)) == pytest.approx(expected, rel=1e-6)


def test_travel_margin_by_hand():
    vectors = tf.constant([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]])
    # Squared distances 25, 1 and 18.
    expected = (0 + (10 - 1) + 0) / 3
    assert float(losses.travel_margin(vectors, margin=10.0)) == pytest.approx(expected, rel=1e-6)
    assert float(losses.travel_margin(vectors, margin=20.0)) == pytest.approx((19 + 2) / 3)


def flat_images(*values: float) -> tf.Tensor:
    """Images of 2 x 2 pixels and one channel, each of one colour."""
    return tf.tile(tf.constant(values)[:, None, None, None], [1, 2, 2, 1])


def test_pair_distance_by_hand():
    source, translated = flat_images(0.0, 1.0, -0.5), flat_images(0.5, 0.0, -1.0)
    # Distances 1, 0.5, 1.5 and 0.5, 1.5, 1: in deviations from the domains' means.
    before = (np.array([1.0, 0.5, 1.5]) - 0.5) / 0.25
    after = (np.array([0.5, 1.5, 1.0]) - 1.0) / 0.5
    loss = losses.pair_distance(
        source,
        translated,
        source_scale=losses.DistanceScale(0.5, 0.25),
        target_scale=losses.DistanceScale(1.0, 0.5),
    )
    assert float(loss) == pytest.approx(np.abs(before - after).mean(), rel=1e-6)


def test_self_distance_by_hand():
    # Upper (0, 0.5) and lower (1, -0.5) halves, then (0.5, 0) and (0, 0.75).
    halves = tf.constant([[[[0.0], [0.5]], [[1.0], [-0.5]]], [[[0.5], [0.0]], [[0.0], [0.75]]]])
    loss = losses.self_distance(
        halves,
        flat_images(0.3, 0.1),
        source_scale=losses.DistanceScale(0.5, 0.25),
        target_scale=losses.DistanceScale(0.25, 0.5),
    )
    # Distances 1 and 0.625; those of flat images are 0.
    after = (0.0 - 0.25) / 0.5
    parts = [(1.0 - 0.5) / 0.25 - after, (0.625 - 0.5) / 0.25 - after]
    assert float(loss) == pytest.approx(np.abs(parts).mean())


def test_collapsed_vectors_have_finite_gradients():
    vectors = tf.Variable(tf.zeros((3, 4)))
    objectives = {
        "travel": lambda: losses.travel_cosine(vectors, 2.0 * vectors),
        "separation": lambda: losses.separation(vectors, margin=3.0),
        "least squares": lambda: losses.least_squares_vector_discriminator(
            vectors, vectors, margin=1.0
        ),
    }
    values = {"travel": 1.0, "separation": 3.0**2, "least squares": 1.0}
    for name, objective in objectives.items():
        with tf.GradientTape() as tape:
            loss = objective()
        assert float(loss) == pytest.approx(values[name]), name
        assert np.isfinite(tf.convert_to_tensor(tape.gradient(loss, vectors))).all(), name


def test_comparing_within_a_batch_of_one_is_an_error_in_words():
    for objective in (
        lambda one: losses.travel_cosine(one, one),
        lambda one: losses.separation(one, margin=1.0),
        lambda one: losses.pair_distance(
            one,
            one,
            source_scale=losses.DistanceScale(0.0, 1.0),
            target_scale=losses.DistanceScale(0.0, 1.0),
        ),
    ):
        with pytest.raises(RecipeError, match="batch_size to at least 2"):
            objective(tf.zeros((1, 8)))


def test_patch_contrast_by_hand():
    queries = tf.Variable([[[1.0, 0.0], [0.0, 1.0]]])
    keys = tf.Variable([[[1.0, 0.0], [0.6, 0.8]]])
    # Cosines over 0.5: (2, 1.2) with the first key right, (0, 1.6) with the second.
    by_hand = (math.log(1 + math.exp(-0.8)) + math.log(1 + math.exp(-1.6))) / 2
    with tf.GradientTape() as tape:
        loss = losses.patch_contrast(queries, keys, temperature=0.5)
    assert float(loss) == pytest.approx(by_hand)
    to_queries, to_keys = tape.gradient(loss, [queries, keys])
    assert to_queries is not None and to_keys is None


def test_batch_sizes_unknown_until_the_graph_runs():
    @tf.function(input_signature=[tf.TensorSpec((None, 2))])
    def travel(vectors):
        return losses.travel_cosine(vectors, -vectors)

    assert float(travel(REAL_VECTORS)) == pytest.approx(2.0)
    assert float(travel(tf.random.normal((5, 2)))) == pytest.approx(2.0, rel=1e-5)
    with pytest.raises(tf.errors.InvalidArgumentError, match="needs two"):
        travel(tf.ones((1, 2)))


def test_gradient_penalty():
    """Of a linear score, the gradient is its weights wherever it is taken."""
    weights = tf.constant([3.0, 0.0, 4.0])
    real, fake = tf.zeros((2, 2, 2, 3)), tf.ones((2, 2, 2, 3))
    mixing = tf.constant([0.2, 0.9])[:, None, None, None]

    def score(images):
        return tf.reduce_sum(images * weights, axis=-1)

    # Four pixels of a gradient of length 5: length 10.
    assert float(losses.gradient_penalty(score, real, fake, mixing)) == pytest.approx(81.0)

    seen = []
    losses.gradient_penalty(lambda x: seen.append(x) or score(x), real, fake, mixing)
    assert np.ravel(seen[0][:, 0, 0, 0]) == pytest.approx([0.8, 0.1])


def test_gradient_penalty_of_a_flat_score_has_a_finite_gradient():
    slope = tf.Variable(0.0)
    images, mixing = tf.ones((2, 2, 2, 1)), tf.fill((2, 1, 1, 1), 0.5)
    with tf.GradientTape() as tape:
        loss = losses.gradient_penalty(lambda x: slope * tf.square(x), images, images, mixing)
    assert float(loss) == pytest.approx(1.0, rel=1e-5)
    assert np.isfinite(tf.convert_to_tensor(tape.gradient(loss, slope)))


def test_over_scales_is_the_sum():
    scores = [tf.constant([1.0]), tf.constant([4.0])], [tf.constant([0.5]), tf.constant([2.0])]
    loss = losses.over_scales(lambda real, fake: tf.reduce_sum(real - 3.0 * fake), *scores)
    assert float(loss) == pytest.approx((1.0 - 1.5) + (4.0 - 6.0))


def test_classification():
    logits = tf.constant([[0.0, 0.0], [np.log(3.0), 0.0]])
    wanted = np.mean([np.log(2.0), np.log(4.0)])
    assert float(losses.classification(logits, tf.constant([0, 1]))) == pytest.approx(wanted)


def test_outside_counts_what_the_mask_leaves():
    original, content = tf.fill((1, 2, 2, 3), 0.3), tf.fill((1, 2, 2, 3), 0.7)
    mask = tf.constant([[1.0, 0.5], [0.0, 0.0]])[None, :, :, None]
    assert float(losses.outside(original, content, mask)) == pytest.approx(0.4 * 2.5 / 4)
