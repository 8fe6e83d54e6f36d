"""What training needs besides a variant's algorithm; knows no variant."""

from tfi2i.training.files.checkpoints import Checkpoints
from tfi2i.training.files.saving import load_model, save_model
from tfi2i.training.gan import GAN
from tfi2i.training.history import HistoricalAverage
from tfi2i.training.optimizers import paper_adam
from tfi2i.training.player import Player
from tfi2i.training.pool import ImagePool
from tfi2i.training.replicas import (
    batch_means,
    clip_weights,
    draw_seed,
    draws_for_each,
    gather_replicas,
    mini_batches,
    replica_count,
    replica_id,
    uniform_for_each,
)
from tfi2i.training.run.folder import RunFolder
from tfi2i.training.run.safety_callbacks import StopWhenNotFinite
from tfi2i.training.schedule import (
    Exponential,
    HalfCosine,
    Halving,
    InverseTime,
    LinearDecay,
    LinearToZero,
    Tenths,
)
from tfi2i.training.stages import Stage

__all__ = [
    "GAN",
    "Checkpoints",
    "Exponential",
    "HalfCosine",
    "Halving",
    "HistoricalAverage",
    "ImagePool",
    "InverseTime",
    "LinearDecay",
    "LinearToZero",
    "Player",
    "RunFolder",
    "Stage",
    "StopWhenNotFinite",
    "Tenths",
    "batch_means",
    "clip_weights",
    "draw_seed",
    "draws_for_each",
    "gather_replicas",
    "load_model",
    "mini_batches",
    "paper_adam",
    "replica_count",
    "replica_id",
    "save_model",
    "uniform_for_each",
]
