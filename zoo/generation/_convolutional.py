"""Base of the generators whose networks are DCGAN's, so that their objectives are what differs."""

from typing import ClassVar, Literal

import keras

from tfi2i import networks
from tfi2i.image_sizes import Size
from tfi2i.networks.blocks import Norm
from tfi2i.zoo.generation._base import GenerationGAN


class ConvolutionalGAN(GenerationGAN):
    """A generator and a network that judges images, both made of convolutions.

    Attributes:
        discriminator: Images -> scores (B, 1), without a sigmoid; where its scores are no odds it
            is `critic` in its place.
    """

    # The name of the network that judges, and how it is made: see `networks.dcgan_discriminator`.
    rival: ClassVar[Literal["discriminator", "critic"]] = "discriminator"
    rival_norm: ClassVar[Norm] = "batch"
    spectral: bool = False
    discriminator: keras.Model
    critic: keras.Model

    def __init__(
        self,
        *,
        crop_size: Size = 64,
        depth: int | None = None,
        filters: int = 64,
        discriminator_filters: int = 64,
        diff_augment: tuple[str, ...] = (),
        **kwargs,
    ):
        """Builds both networks (`tfi2i.networks.dcgan`); the defaults are DCGAN's for 64 px.

        Args:
            crop_size: Side of the training images in pixels, or (height, width).
            depth: How often a map is doubled on the way to the image; None: as often as the size
                allows.
            filters: Channels of the generator before the image.
            discriminator_filters: Channels of the first convolution of the network that judges.
            diff_augment: For few images, what that network sees is augmented: some of `colour`,
                `translation`, `cutout` (`networks.augmented`).
            **kwargs: See `GenerationGAN`.
        """
        super().__init__(crop_size=crop_size, **kwargs)
        self.diff_augment = diff_augment
        levels: int = networks.dcgan_depth(crop_size) if depth is None else depth
        self.settled("depth", levels)
        self.generator = self.make_generator(levels, filters)
        rival = networks.augmented(self.make_rival(levels, discriminator_filters), diff_augment)
        setattr(self, self.rival, rival)

    def make_generator(self, depth: int, filters: int) -> keras.Model:
        """Builds the generator."""
        return networks.dcgan_generator(
            latent_length=self.latent_length,
            image_size=self.crop_size,
            channels=self.channels,
            depth=depth,
            filters=filters,
        )

    def make_rival(self, depth: int, filters: int) -> keras.Model:
        """Builds the discriminator, or the critic."""
        return networks.dcgan_discriminator(
            image_size=self.crop_size,
            channels=self.channels,
            depth=depth,
            filters=filters,
            norm=self.rival_norm,
            spectral=self.spectral,
            name=self.rival,
        )
