"""Every variant of the zoo at a size that trains in a moment."""

import tensorflow as tf

from tfi2i.image_sizes import Size, height_and_width
from tfi2i.zoo.catalogue import find_variant
from tfi2i.zoo.generation._base import GenerationGAN

SIZE = 32
# An optimisation has no generator: its result is one picture, and there is nothing to export.
OPTIMISATIONS = ("gatys",)
# Constructor arguments that make each variant small, and the loss that falls when it is shown the
# same four images again and again (None where its objective does not promise that of any loss).
DRAWING = {"filters": 4, "discriminator_filters": 4, "depth": 2, "latent_length": 4}
INFERRING = {"filters": 4, "encoder_filters": 4, "depth": 2, "latent_length": 4}
LATENT = {"filters": 4, "discriminator_filters": 4, "receptive_field": 1, "depth": 2}
TINY = {
    "pix2pix": (
        {"filters": 4, "discriminator_filters": 4, "receptive_field": 16, "depth": 3},
        "l1_loss",
    ),
    "cyclegan": (
        {
            "filters": 4,
            "discriminator_filters": 4,
            "receptive_field": 16,
            "blocks": 1,
            "pool_size": 5,
        },
        "cycle_loss",
    ),
    "cut": (
        {
            "filters": 4,
            "discriminator_filters": 4,
            "projector_filters": 8,
            "receptive_field": 16,
            "blocks": 1,
            "patches": 16,
        },
        "contrastive_loss",
    ),
    "stargan": (
        {
            "domains": ["x", "y"],
            "filters": 4,
            "discriminator_filters": 4,
            "discriminator_depth": 3,
            "blocks": 1,
            "critic_steps": 1,
        },
        "cycle_loss",
    ),
    "element_editing": (
        {
            "domains": ["x", "y"],
            "filters": 4,
            "discriminator_filters": 4,
            "discriminator_depth": 3,
            "blocks": 1,
            "critic_steps": 1,
        },
        # Its mask closes before it opens for edits: see LONGER.
        "cycle_loss",
    ),
    "siamese_translator": (
        {
            "filters": 4,
            "discriminator_filters": 4,
            "depth": 2,
            "discriminator_depth": 3,
            "vector_length": 8,
            "identity_weight": 1.0,
            "gradient_penalty_weight": 0.1,
        },
        None,
    ),
    "bicyclegan": (LATENT | {"encoder_filters": 4}, "l1_loss"),
    "cvae_gan": (LATENT | {"encoder_filters": 4}, "l1_loss"),
    "clr_gan": (LATENT | {"encoder_filters": 4}, None),
    "pix2pix_noise": (LATENT, "l1_loss"),
    "discogan": (
        {
            "filters": 4,
            "discriminator_filters": 4,
            "depth": 2,
            "switch_update": 4,
            "generator_updates": 1,
        },
        # Its reconstruction falls, but slowly: through a small map, against the matched features.
        None,
    ),
    "distancegan": (
        {
            "filters": 4,
            "discriminator_filters": 4,
            "receptive_field": 16,
            "blocks": 1,
            "pool_size": 5,
        },
        "cycle_loss",
    ),
    "dualgan": (
        {
            "filters": 4,
            "discriminator_filters": 4,
            "receptive_field": 16,
            "depth": 3,
            "dropout": 0.0,
        },
        "reconstruction_loss",
    ),
    "travelgan": (
        {"filters": 4, "discriminator_filters": 4, "siamese_filters": 4, "vector_length": 8},
        None,
    ),
    "fast_style": ({"filters": 4, "blocks": 1, "style_size": 32}, "content_loss"),
    "adain": ({"filters": 16, "level": 2}, "style_loss"),
    "gatys": ({}, "style_loss"),
    "music_translation": (
        {
            "filters": 4,
            "discriminator_filters": 4,
            "depth": 2,
            "discriminator_depth": 3,
            "vector_length": 8,
            "input_channels": 1,
            "output_channels": 1,
        },
        None,
    ),
    "gan": (
        {"units": 16, "discriminator_units": 8, "channels": 3, "latent_length": 4},
        None,
    ),
    "acgan": (DRAWING | {"classes": ["x", "y"]}, None),
    "catgan": (DRAWING | {"categories": 2}, None),
    "cgan": (DRAWING | {"classes": ["x", "y"]}, None),
    "dcgan": (DRAWING, None),
    "infogan": (DRAWING | {"codes": 3, "continuous_codes": 1}, None),
    "gran": (DRAWING | {"steps": 2}, None),
    "lapgan": (
        DRAWING | {"units": 8, "discriminator_units": 8},
        None,
    ),
    "lsgan": (DRAWING, None),
    "progressive_gan": (
        DRAWING | {"stage_epochs": 1, "fade_iterations": 2, "group_size": 2},
        None,
    ),
    "r3gan": (DRAWING | {"filters": 8, "discriminator_filters": 8, "blocks": 1}, None),
    "siamese_gan": (DRAWING | {"vector_length": 3}, None),
    "sngan": (DRAWING | {"discriminator_steps": 1}, None),
    "stackgan": (
        {
            "filters": 4,
            "discriminator_filters": 4,
            "enlargement": 2,
            # The run of three epochs has both stages.
            "stage_one_epochs": 1,
            "latent_length": 10,
            "augmented_length": 3,
            "compressed_length": 4,
            "embedding_length": 8,
            "blocks": 1,
        },
        None,
    ),
    "wgan": (DRAWING | {"critic_steps": 1}, None),
    "wgan_gp": (DRAWING | {"critic_steps": 1}, None),
    "vae": (INFERRING, "reconstruction_loss"),
    "vaegan": (INFERRING | {"discriminator_filters": 4}, None),
    "aae": (
        {"units": 16, "discriminator_units": 8, "channels": 3, "latent_length": 4},
        None,
    ),
    "bigan": ({"units": 16, "channels": 3, "latent_length": 4}, None),
}


# Those that draw images from latents, and those that turn an image into one.
DRAWS = tuple(n for n in TINY if issubclass(find_variant(n).load_class(), GenerationGAN))
TRANSLATES = tuple(n for n in TINY if n not in (*DRAWS, *OPTIMISATIONS))


def tiny_model(name: str, /, **changes):
    variant_class = find_variant(name).load_class()
    return variant_class(crop_size=SIZE, **{**TINY[name][0], **changes})


def channels_of(name: str) -> int:
    """Channels of the images that the tiny model takes."""
    return TINY[name][0].get("input_channels", 3)


def batch_specs(model, size: Size, batch_size: int) -> list[tf.TensorSpec]:
    """Shapes and types of the parts of a batch that the model trains on."""
    height, width = height_and_width(size)
    config = model.get_config()
    channels = config.get("channels", 3)
    a = config.get("input_channels", config.get("a_channels", channels))
    b = config.get("output_channels", config.get("b_channels", channels))

    def images(count: int) -> tf.TensorSpec:
        return tf.TensorSpec((batch_size, height, width, count), tf.float32)

    kinds = {
        "images": [images(a)],
        "labelled": [images(a), tf.TensorSpec((batch_size,), tf.int32)],
        "captioned": [
            images(a),
            tf.TensorSpec((batch_size, config.get("embedding_length")), tf.float32),
        ],
    }
    return kinds.get(model.batch_kind, [images(a), images(b)])
