"""The optimizer of most papers in the zoo."""

import keras


def paper_adam(
    learning_rate: float, beta_1: float = 0.5, beta_2: float = 0.999
) -> keras.optimizers.Adam:
    """Adam as the GAN papers use it: epsilon 1e-8 (Keras' default is 1e-7) and beta_1 0.5."""
    return keras.optimizers.Adam(learning_rate, beta_1=beta_1, beta_2=beta_2, epsilon=1e-8)
