"""What training needs besides a variant's algorithm; knows no variant."""

from tfi2i.training.checkpoints import Checkpoints
from tfi2i.training.gan import GAN
from tfi2i.training.multidomain import MultiDomainGAN
from tfi2i.training.optimizers import paper_adam
from tfi2i.training.player import Player
from tfi2i.training.pool import ImagePool
from tfi2i.training.replicas import draw_seed, gather_replicas, replica_count, replica_id
from tfi2i.training.run_folder import RunFolder
from tfi2i.training.saving import load_model, save_model
from tfi2i.training.schedule import LinearDecay
from tfi2i.training.translation import TranslationGAN

__all__ = [
    "GAN",
    "Checkpoints",
    "ImagePool",
    "LinearDecay",
    "MultiDomainGAN",
    "Player",
    "RunFolder",
    "TranslationGAN",
    "draw_seed",
    "gather_replicas",
    "load_model",
    "paper_adam",
    "replica_count",
    "replica_id",
    "save_model",
]
