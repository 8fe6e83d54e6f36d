"""Which functions and names may stand for each other in a fault."""

# Exchanging their two arguments changes nothing.
SYMMETRIC = {
    "l1", "l2", "cycle", "identity", "content", "gram_style", "statistics_style", "travel_cosine",
    "travel_distance", "feature_matching", "outside", "_squared_distance",
}  # fmt: skip
# Whose arguments are of different kinds: exchanged, they would stop the program.
UNLIKE = {"minimize", "draw_latents", "exchange", "classification", "squared_weights"}
# One function for another that has the same arguments.
RELATED = {
    "losses.least_squares_generator": "losses.non_saturating_generator",
    "losses.non_saturating_generator": "losses.minimax_generator",
    "losses.wasserstein_generator": "losses.non_saturating_generator",
    "losses.minimax_discriminator": "losses.least_squares_discriminator",
    "losses.least_squares_discriminator": "losses.minimax_discriminator",
    "losses.wasserstein_critic": "losses.least_squares_discriminator",
    "losses.l1": "losses.l2",
    "losses.l2": "losses.l1",
    "losses.cycle": "losses.l2",
    "losses.identity": "losses.l2",
    "losses.travel_cosine": "losses.travel_distance",
    "losses.travel_distance": "losses.travel_cosine",
    "losses.triplet_discriminator": "losses.least_squares_vector_discriminator",
    "losses.least_squares_vector_discriminator": "losses.triplet_discriminator",
    "tf.abs": "tf.square",
    "tf.square": "tf.abs",
    "tf.reduce_mean": "tf.reduce_sum",
    "tf.reduce_sum": "tf.reduce_mean",
    "tf.nn.softplus": "tf.nn.relu",
    "tf.nn.relu": "tf.nn.softplus",
    "tf.exp": "tf.identity",
    "tf.minimum": "tf.maximum",
    "tf.maximum": "tf.minimum",
}
# Names that stand for each other's opposite.
OPPOSITES = {
    "a": "b", "b": "a", "ab": "ba", "ba": "ab", "real": "fake", "fake": "real",
    "labels": "targets", "targets": "labels", "source": "target", "target": "source",
    "content": "style", "style": "content", "encoded": "random", "random": "encoded",
    "first": "later", "later": "first",
}  # fmt: skip
