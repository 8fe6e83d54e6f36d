"""What training needs besides a variant's algorithm; knows no variant."""

from tfi2i.training.checkpoints import Checkpoints
from tfi2i.training.gan import GAN
from tfi2i.training.latent_translation import LatentTranslationGAN
from tfi2i.training.multidomain import MultiDomainGAN
from tfi2i.training.optimizers import paper_adam
from tfi2i.training.player import Player
from tfi2i.training.pool import ImagePool
from tfi2i.training.replicas import (
    batch_means,
    clip_weights,
    draw_seed,
    gather_replicas,
    mini_batches,
    replica_count,
    replica_id,
    uniform_for_each,
)
from tfi2i.training.run_folder import RunFolder
from tfi2i.training.safety_callbacks import StopWhenNotFinite
from tfi2i.training.saving import load_model, save_model
from tfi2i.training.schedule import LinearDecay
from tfi2i.training.translation import TranslationGAN

__all__ = [
    "GAN",
    "Checkpoints",
    "ImagePool",
    "LatentTranslationGAN",
    "LinearDecay",
    "MultiDomainGAN",
    "Player",
    "RunFolder",
    "StopWhenNotFinite",
    "TranslationGAN",
    "batch_means",
    "clip_weights",
    "draw_seed",
    "gather_replicas",
    "load_model",
    "mini_batches",
    "paper_adam",
    "replica_count",
    "replica_id",
    "save_model",
    "uniform_for_each",
]
