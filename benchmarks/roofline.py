"""A contestant: a large matrix product, what a machine computes at best in practice."""

import argparse

from benchmarks.worker import take_turns

SIDE = 3072
FLOPS = 2 * SIDE**3


def main() -> None:
    """Multiplies two matrices of 3072 x 3072 again and again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", choices=["tensorflow", "torch"])
    parser.add_argument("precision", choices=["float32", "bfloat16"])
    arguments = parser.parse_args()
    if arguments.library == "tensorflow":
        import tensorflow as tf

        one, other = (tf.cast(tf.random.normal((SIDE, SIDE)), arguments.precision) for _ in "12")
        product = tf.function(tf.matmul)
        take_turns(lambda: product(one, other)[0, 0].numpy())
    else:
        import torch  # pyright: ignore[reportMissingImports]

        kind = getattr(torch, arguments.precision)
        one, other = (torch.randn(SIDE, SIDE).to(kind) for _ in "12")
        take_turns(lambda: (one @ other)[0, 0].item())


if __name__ == "__main__":
    main()
