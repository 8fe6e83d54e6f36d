"""A contestant: one image through a generator in PyTorch."""

import argparse

import torch

from benchmarks.peers.torch_networks import ResNet, UNet, weights
from benchmarks.worker import take_turns


def main() -> None:
    """Builds the generator and translates one image of noise again and again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=["unet", "resnet"])
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--bfloat16", action="store_true", help="autocast, channels last")
    parser.add_argument("--compiled", action="store_true", help="torch.compile")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    # As pix2pix is used: with the statistics of the image itself.
    generator = UNet(8).train() if arguments.network == "unet" else ResNet(9).eval()
    for module in generator.modules():
        if isinstance(module, torch.nn.Dropout):
            module.eval()
    count = weights(generator)
    image = torch.rand(1, 3, arguments.size, arguments.size) * 2 - 1
    if arguments.bfloat16:
        generator = generator.to(memory_format=torch.channels_last)
        image = image.contiguous(memory_format=torch.channels_last)
    translate = torch.compile(generator) if arguments.compiled else generator

    def work() -> None:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, arguments.bfloat16):
            translate(image).numpy()

    take_turns(work, weights=count)


if __name__ == "__main__":
    main()
