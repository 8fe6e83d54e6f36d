"""Generators, discriminators and encoders: plain functions that return a functional `keras.Model`.

Images are (B, H, W, C) in [-1, 1]. Layer names are explicit, so that weights can be stored by path.
"""

from tfi2i.networks.augmented import augmented
from tfi2i.networks.autoencoder import (
    latent_discriminator,
    perceptron_decoder,
    perceptron_encoder,
)
from tfi2i.networks.bigan import bigan_encoder, bigan_generator, joint_discriminator
from tfi2i.networks.blocks import check_image_size
from tfi2i.networks.contrastive import patch_projector, resnet_encoder_maps
from tfi2i.networks.dcgan import dcgan_depth, dcgan_discriminator, dcgan_generator
from tfi2i.networks.dcgan_encoder import dcgan_encoder
from tfi2i.networks.discogan import encoder_decoder, feature_discriminator
from tfi2i.networks.dualgan import dual_unet
from tfi2i.networks.editing import editing_generator
from tfi2i.networks.encoders import latent_encoder
from tfi2i.networks.infogan import information_discriminator
from tfi2i.networks.labelled_perceptron import (
    labelled_maxout_discriminator,
    labelled_perceptron_generator,
)
from tfi2i.networks.lapgan import (
    band_discriminator,
    band_generator,
    coarse_discriminator,
    coarse_generator,
    noise_lengths,
    pyramid_depth,
    pyramid_generator,
)
from tfi2i.networks.patchgan import patchgan
from tfi2i.networks.perceptron import maxout_discriminator, perceptron_generator
from tfi2i.networks.progressive import (
    grown_discriminator,
    grown_generator,
    progressive_discriminator,
    progressive_generator,
)
from tfi2i.networks.r3gan import r3gan_discriminator, r3gan_generator
from tfi2i.networks.recurrent import recurrent_generator
from tfi2i.networks.resnet import resnet, resnet_blocks
from tfi2i.networks.siamese import siamese_encoder
from tfi2i.networks.stackgan import (
    caption_table,
    conditioning,
    matching_discriminator,
    sketch_size,
    stage_one_generator,
    stage_two_generator,
)
from tfi2i.networks.stargan import stargan_discriminator, stargan_generator, towards_domain
from tfi2i.networks.style import adain_decoder
from tfi2i.networks.translators import Translator, translator
from tfi2i.networks.travel import siamese_stem, siamese_trunk
from tfi2i.networks.tutorial_unet import tutorial_unet
from tfi2i.networks.unet import unet, unet_depth
from tfi2i.networks.vgg import PerceptualFeatures, vgg_channels, vgg_features

__all__ = [
    "patch_projector",
    "resnet_encoder_maps",
    "recurrent_generator",
    "band_discriminator",
    "band_generator",
    "coarse_discriminator",
    "coarse_generator",
    "noise_lengths",
    "pyramid_depth",
    "pyramid_generator",
    "grown_discriminator",
    "grown_generator",
    "progressive_discriminator",
    "progressive_generator",
    "PerceptualFeatures",
    "Translator",
    "adain_decoder",
    "augmented",
    "caption_table",
    "bigan_encoder",
    "bigan_generator",
    "check_image_size",
    "conditioning",
    "dcgan_depth",
    "dcgan_discriminator",
    "dcgan_encoder",
    "dcgan_generator",
    "dual_unet",
    "editing_generator",
    "encoder_decoder",
    "feature_discriminator",
    "joint_discriminator",
    "latent_discriminator",
    "latent_encoder",
    "information_discriminator",
    "labelled_maxout_discriminator",
    "labelled_perceptron_generator",
    "matching_discriminator",
    "maxout_discriminator",
    "patchgan",
    "perceptron_decoder",
    "perceptron_encoder",
    "perceptron_generator",
    "r3gan_discriminator",
    "r3gan_generator",
    "resnet",
    "resnet_blocks",
    "siamese_encoder",
    "siamese_stem",
    "siamese_trunk",
    "sketch_size",
    "stage_one_generator",
    "stage_two_generator",
    "stargan_discriminator",
    "stargan_generator",
    "towards_domain",
    "translator",
    "tutorial_unet",
    "unet",
    "unet_depth",
    "vgg_channels",
    "vgg_features",
]
