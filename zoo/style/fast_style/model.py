"""Fast style transfer: Perceptual Losses for Real-Time Style Transfer (Johnson et al. 2016)."""

from typing import TYPE_CHECKING, Any, Literal

import keras
import numpy as np
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.data import evaluation_arrays, read_style, to_float
from tfi2i.data.fingerprint import fingerprint
from tfi2i.image_sizes import Size
from tfi2i.training import Player, paper_adam
from tfi2i.zoo.style._base import MOST_IMAGES, Stylised
from tfi2i.zoo.translation import TranslationGAN

if TYPE_CHECKING:
    from tfi2i.data import DataSource
    from tfi2i.metrics import FeatureExtractor

CONTENT_LAYER = "relu3_3"
STYLE_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")


class FastStyle(TranslationGAN):
    r"""Learns to give any image the style of one picture, in one pass of a generator G.

    There is no discriminator: the objective compares activations phi of a trained network that
    stays as it is. With y = G(x), style image s and Gram matrices gram(phi_l):

        content    mean (phi_3_3(y) - phi_3_3(x))^2                                  (equation 2)
        style      sum over 1_2, 2_2, 3_3, 4_3 of mean (gram(phi_l(y)) - gram(phi_l(s)))^2   (4)
        G          content_weight * content + style_weight * style + variation_weight * TV(y)

    Batches: `images`, float32 (B, H, W, 3) in [-1, 1].

    Example:
        import numpy as np
        from tfi2i.zoo.style.fast_style import FastStyle

        photos = np.random.randint(0, 256, (4, 32, 32, 3), np.uint8)  # your photographs
        model = FastStyle(crop_size=32, style="earth:etopo1", blocks=1, filters=8)
        model.compile()
        model.fit(photos, batch_size=2)
        picture = model.translate(photos[0])
    """

    batch_kind = "images"
    measures_one_domain = True

    def train_step(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """One gradient step on G."""
        target = self.features(batch)[CONTENT_LAYER]
        with tf.GradientTape() as tape:
            parts = self.objective(self.generator(batch, training=True), target)
        self.players["generator"].minimize(parts["generator_loss"], tape)
        return self.report(**parts)

    def objective(self, styled: tf.Tensor, target: tf.Tensor) -> dict[str, tf.Tensor]:
        """What G minimises, and its parts.

        Args:
            styled: y, float32 (B, H, W, 3) in [-1, 1].
            target: phi_3_3(x).
        """
        features = self.features(styled)
        content_loss = losses.content(features[CONTENT_LAYER], target)
        style_loss = tf.add_n(
            [
                losses.gram_style(losses.gram_matrix(features[layer]), gram)
                for layer, gram in self.style_grams.items()
            ]
        )
        variation_loss = losses.total_variation(styled)
        generator_loss = (
            self.content_weight * content_loss
            + self.style_weight * style_loss
            + self.variation_weight * variation_loss
        )
        return {
            "generator_loss": generator_loss,
            "content_loss": content_loss,
            "style_loss": style_loss,
            "variation_loss": variation_loss,
        }

    def make_players(
        self,
        *,
        generator_learning_rate: float = 1e-3,
        beta_1: float = 0.9,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the player `generator`.

        Args:
            generator_learning_rate: Learning rate of the paper's Adam.
            beta_1: First-moment decay of the paper's Adam.
            ema_decay: Running average of G's weights per update, None for none.
        """
        return {
            "generator": Player(
                [self.generator], paper_adam(generator_learning_rate, beta_1), ema_decay=ema_decay
            ),
        }

    def compile(self, **settings: Any) -> None:
        """As `GAN.compile`; also reads the style image and loads the trained network.

        Raises:
            DataError: If the style image cannot be read.
            MissingExtraError: If the package with the trained network is not installed.
        """
        super().compile(**settings)
        self._look_at_the_style()

    def _look_at_the_style(self) -> None:
        self.features = networks.PerceptualFeatures((CONTENT_LAYER, *STYLE_LAYERS))
        features = self.features(to_float(self.style_image())[None])
        self.style_grams = {
            layer: losses.gram_matrix(features[layer]).numpy() for layer in STYLE_LAYERS
        }

    def __init__(
        self,
        *,
        crop_size: Size = 256,
        style: str = "earth:etopo1",
        style_size: int = 256,
        blocks: int = 5,
        filters: int = 32,
        upsampling: Literal["transposed", "nearest"] = "transposed",
        content_weight: float = 1.0,
        style_weight: float = 1e3,
        variation_weight: float = 1e-6,
        seed: int = 0,
        name: str = "fast_style",
        **kwargs,
    ):
        """Builds G: c9s1-32, d64, d128, R128 x 5, u64, u32, c9s1-3 with instance norm.

        The defaults of the weights are not the authors' 1, 5 and 1e-6: those belong to raw
        activations of ImageNet's VGG-16, which are larger by orders of magnitude. 1 and 1000 are
        those of Gatys' code, for a network normalised like this one (see `tfi2i.networks.vgg`).

        Args:
            crop_size: Side of the training images in pixels, or (height, width).
            style: The style image: a file, or `earth:<map>`. Read in `compile`, so that a trained
                model needs it no more.
            style_size: Shorter side of the style image in pixels; a smaller one makes its strokes
                smaller.
            blocks: Residual blocks.
            filters: Channels after the first convolution.
            upsampling: `transposed` convolutions, or `nearest` and a convolution, which draws no
                checkerboard.
            content_weight: Weight of the content loss.
            style_weight: Weight of the style loss.
            variation_weight: Weight of the total variation.
            seed: See `GAN`.
            name: Name of the model.
            **kwargs: `dtype`, as for any Keras model.
        """
        super().__init__(crop_size=crop_size, seed=seed, name=name, **kwargs)
        self.style = style
        self.style_size = style_size
        self.content_weight = content_weight
        self.style_weight = style_weight
        self.variation_weight = variation_weight
        # The paper's residual blocks are CycleGAN's but for the padding: the paper pads once, at
        # the input, and crops it away block by block.
        self.generator = networks.resnet(
            blocks=blocks,
            filters=filters,
            kernel_size=9,
            upsampling=upsampling,
            name="generator",
        )

    @property
    def translators(self) -> dict[str, keras.Model]:
        """G, from a photograph to the style."""
        return {"a2b": self.generator}

    def style_image(self) -> np.ndarray:
        """The style image at its size, uint8 (H, W, 3)."""
        return read_style(self.style, self.style_size)

    def facts(self) -> dict[str, str]:
        """The style image's fingerprint: the file behind the name may be another by now."""
        return {"style_fingerprint": fingerprint(self.style_image().tobytes().hex())}

    def stylised(self, source: "DataSource", size: Size) -> Stylised:
        """Test images in the one style."""
        contents, _, _ = evaluation_arrays(source, size=size, limit=MOST_IMAGES)
        a, b = (self.value_ranges[domain] for domain in "ab")
        made = b.to_uint8(self.translate_batch(contents))
        return Stylised(made, a.to_uint8(contents), [self.style_image()])

    def measure(
        self,
        source: "DataSource",
        *,
        split: str,
        size: Size,
        limit: int | None = None,
        extractor: "FeatureExtractor | None" = None,
        features: bool = True,
    ) -> dict[str, Any]:
        """The objective and its two terms on images that G did not learn from; see `GAN.measure`.

        There is no second domain to compare with. Beside the stylised images stand the images
        themselves, whose content is whole and whose style is not the picture's.

        Raises:
            DataError: If the source has no such split, or the style image cannot be read.
            MissingExtraError: If the package with the trained network is not installed.
        """
        images, _, _ = evaluation_arrays(source, split=split, size=size, limit=limit)
        if not self.players:  # A model that was not compiled has not seen the style.
            self._look_at_the_style()
        a, b = (self.value_ranges[domain] for domain in "ab")
        contents = a.to_float(images)
        return {
            "images_a": len(images),
            "translated": self._judged(b.to_float(self.translate_batch(images)), contents),
            "copy_input": self._judged(contents, contents),
            "skipped": {},
        }

    def _judged(self, made: np.ndarray, contents: np.ndarray) -> dict[str, float]:
        """Means over images, one at a time: the network's activations are large."""
        found = [
            self.objective(tf.constant(y[None]), self.features(x[None])[CONTENT_LAYER])
            for y, x in zip(made, contents, strict=True)
        ]
        means = {name: float(np.mean([one[name] for one in found])) for name in found[0]}
        return {
            "objective": means["generator_loss"],
            "content_loss": means["content_loss"],
            "style_loss": means["style_loss"],
        }
