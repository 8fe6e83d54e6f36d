"""A contestant: training steps in PyTorch, as its users write them."""

import argparse

import numpy as np
import torch

from benchmarks.peers.torch_games import GAMES
from benchmarks.peers.torch_steps import Mode, cyclegan, pix2pix
from benchmarks.worker import peak_mib, take_turns


def main() -> None:
    """Builds the networks and trains them on one batch of noise again and again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=["pix2pix", "cyclegan", *GAMES])
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--bfloat16", action="store_true", help="autocast, channels last")
    parser.add_argument("--compiled", action="store_true", help="torch.compile")
    parser.add_argument("--graphs", action="store_true", help="compiled, as CUDA graphs")
    parser.add_argument("--gpu", action="store_true")
    parser.add_argument("--like", help="weights of networks that draw: given_networks.py")
    arguments = parser.parse_args()
    libraries = round(peak_mib())
    torch.manual_seed(0)
    gpu = None
    if arguments.gpu:
        torch.set_default_device("cuda")
        # As users of both papers' repositories train: the fastest convolutions are looked for.
        torch.backends.cudnn.benchmark = True
        gpu = (torch.cuda.synchronize, lambda: torch.cuda.max_memory_allocated() / 2**20)
    compiled = arguments.compiled or arguments.graphs
    mode = Mode(bfloat16=arguments.bfloat16, compiled=compiled, graphs=arguments.graphs)
    shape = (arguments.batch, 3, arguments.size, arguments.size)
    a, b = (mode.images(torch.rand(shape) * 2 - 1) for _ in range(2))
    if arguments.work in GAMES:
        step, count = GAMES[arguments.work](mode, np.load(arguments.like))
        take_turns(lambda: step(a), gpu, weights=count, libraries_mib=libraries)
        return
    if arguments.work == "pix2pix":
        step, count = pix2pix(mode, depth=min(8, arguments.size.bit_length() - 1))
    else:
        step, count = cyclegan(mode, blocks=9 if arguments.size >= 256 else 6)
    take_turns(lambda: step(a, b), gpu, weights=count, libraries_mib=libraries)


if __name__ == "__main__":
    main()
