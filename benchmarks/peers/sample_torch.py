"""A contestant: a thousand images from DCGAN's generator in PyTorch."""

import argparse

import numpy as np
import torch

from benchmarks.peers.torch_generators import dcgan_discriminator, dcgan_generator, take
from benchmarks.worker import take_turns

IMAGES, BATCH = 1000, 100


def main() -> None:
    """Draws a thousand images as float32 pixels in 0..255, as the SavedModel gives them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--like", required=True, help="weights: given_networks.py")
    parser.add_argument("--bfloat16", action="store_true", help="autocast, channels last")
    parser.add_argument("--compiled", action="store_true", help="torch.compile")
    arguments = parser.parse_args()
    generator = dcgan_generator(100)
    take(np.load(arguments.like), generator, dcgan_discriminator(norm=True))
    generator.eval()
    if arguments.bfloat16:
        generator = generator.to(memory_format=torch.channels_last)
    draw = torch.compile(generator) if arguments.compiled else generator
    latents = torch.randn(BATCH, 100, 1, 1)

    def work() -> None:
        for _ in range(IMAGES // BATCH):
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, arguments.bfloat16):
                ((draw(latents).float() + 1) * 127.5).permute(0, 2, 3, 1).numpy()

    take_turns(work)


if __name__ == "__main__":
    main()
