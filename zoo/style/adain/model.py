"""AdaIN: Arbitrary Style Transfer with Adaptive Instance Normalization (Huang, Belongie 2017)."""

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.data import evaluation_arrays, read_style, to_float
from tfi2i.errors import DataError, RecipeError
from tfi2i.image_sizes import Size
from tfi2i.layers import AdaptiveInstanceNormalization, channel_statistics
from tfi2i.training import InverseTime, Player, paper_adam
from tfi2i.training.replicas import mean_over_replicas
from tfi2i.training.views import View
from tfi2i.zoo.style._base import MOST_IMAGES, Stylised
from tfi2i.zoo.translation import TranslationGAN

if TYPE_CHECKING:
    from tfi2i.data import DataSource

# The newest batch's share of the average style, once a hundred batches have been seen.
_STYLE_RATE = 0.01


class AdaIN(TranslationGAN):
    r"""Gives any image the style of any other in one pass, by the statistics of features.

    An encoder f that stays as it is (a VGG-shaped network to relu4_1) and a decoder g, which alone
    is trained. With content c and style s:

        t          sigma(f(s)) (f(c) - mu(f(c))) / sigma(f(c)) + mu(f(s))               (equation 8)
        content    mean (f(g(t)) - t)^2                                                        (12)
        style      sum over relu1_1 to relu4_1 of |mu(phi(g(t))) - mu(phi(s))|^2
                   + |sigma(phi(g(t))) - sigma(phi(s))|^2                                      (13)
        g          content + style_weight * style                                              (11)

    A translation takes one image: the style is stored in the model. `set_style` gives it one, with
    a strength (equation 14); until then it is the average style that training has seen. The stored
    style is saved and exported with the model.

    Batches: `unpaired`, (content, style) float32 (B, H, W, 3) in [-1, 1].

    Example:
        import numpy as np
        from tfi2i.zoo.style.adain import AdaIN

        photos, paintings = np.random.randint(0, 256, (2, 4, 32, 32, 3), np.uint8)  # your images
        model = AdaIN(crop_size=32, filters=8)
        model.compile()
        model.fit(photos, paintings, batch_size=2)
        model.set_style(paintings[0], strength=0.8)
        picture = model.translate(photos[0])
    """

    batch_kind = "unpaired"

    def train_step(self, batch: tuple[tf.Tensor, tf.Tensor]) -> dict[str, tf.Tensor]:
        """One gradient step on the decoder (section 6.1)."""
        content, style = batch
        last = self.style_layers[-1]
        style_features = self.encoder(style)
        target = self.stored_style(self.encoder(content)[last], style=style_features[last])
        with tf.GradientTape() as tape:
            features = self.encoder(self.decoder(target, training=True))
            # Closer than the content image's own features, and faster to learn (section 6.1).
            content_loss = losses.content(features[last], target)
            style_loss = tf.add_n(
                [
                    losses.statistics_style(features[layer], style_features[layer])
                    for layer in self.style_layers
                ]
            )
            generator_loss = content_loss + self.style_weight * style_loss
        self.players["generator"].minimize(generator_loss, tape)
        self._average_style(style_features[last])
        return self.report(
            generator_loss=generator_loss, content_loss=content_loss, style_loss=style_loss
        )

    def _average_style(self, features: tf.Tensor) -> None:
        """Moves the stored style towards this batch's: a plain average of the first hundred."""
        mean, deviation = (
            tf.reduce_mean(part, axis=(0, 1, 2)) for part in channel_statistics(features)
        )
        found = mean_over_replicas({"mean": mean, "deviation": deviation})
        done = tf.cast(self.iteration.value, tf.float32)
        rate = tf.maximum(_STYLE_RATE, 1.0 / (done + 1.0))
        layer = self.stored_style
        layer.mean.assign(layer.mean + rate * (found["mean"] - layer.mean))
        layer.deviation.assign(layer.deviation + rate * (found["deviation"] - layer.deviation))

    def make_players(
        self,
        *,
        generator_learning_rate: float = 1e-4,
        learning_rate_decay: float = 5e-5,
        beta_1: float = 0.9,
        ema_decay: float | None = None,
    ) -> dict[str, Player]:
        """Makes the player `generator`, which is the decoder.

        Args:
            generator_learning_rate: Learning rate of the paper's Adam, at the start.
            learning_rate_decay: The rate is divided by 1 + this times the iteration, as in the
                authors' code; it is a schedule of its own, so that `train.decay_epochs` has no
                effect. 0 leaves the rate to `train.decay_epochs`.
            beta_1: First-moment decay of the paper's Adam.
            ema_decay: Running average of the decoder's weights per update, None for none.
        """
        return {
            "generator": Player(
                [self.decoder],
                paper_adam(generator_learning_rate, beta_1),
                ema_decay=ema_decay,
                schedule=InverseTime(learning_rate_decay) if learning_rate_decay else None,
            ),
        }

    def __init__(
        self,
        *,
        crop_size: Size = 256,
        level: int = 4,
        filters: int = 64,
        style_weight: float = 1e-2,
        seed: int = 0,
        name: str = "adain",
        **kwargs,
    ):
        """Builds encoder and decoder; the defaults are the paper's.

        Args:
            crop_size: Side of the training images in pixels, or (height, width).
            level: Statistics are exchanged at relu<level>_1 of the encoder, 2 to 4. Lower ones cost
                less and move colours and fine texture only.
            filters: Channels of the decoder's last hidden layer, which double with every level; 64
                mirrors the encoder.
            style_weight: The paper's lambda, for the squares of the authors' code: content is a
                mean over all activations, style a sum over channels.
            seed: See `GAN`.
            name: Name of the model.
            **kwargs: `dtype`, as for any Keras model.

        Raises:
            RecipeError: If there is no such level.
            MissingExtraError: If the package with the encoder is not installed.
        """
        super().__init__(crop_size=crop_size, seed=seed, name=name, **kwargs)
        if level not in (2, 3, 4):
            raise RecipeError(f"model.level is 2, 3 or 4, got {level}")
        self.level = level
        self.style_weight = style_weight
        self.style_layers = [f"relu{block}_1" for block in range(1, level + 1)]
        self.encoder = networks.PerceptualFeatures(self.style_layers, reflect=True)
        features = keras.Input((None, None, networks.vgg_channels(self.style_layers[-1])))
        decoder = networks.adain_decoder(level=level, filters=filters, name="decoder")
        styled = AdaptiveInstanceNormalization(name="style")(features)
        self.generator = keras.Model(features, decoder(styled), name="generator")

    @property
    def decoder(self) -> keras.Model:
        """g, features to images."""
        return self.generator.get_layer("decoder")

    @property
    def stored_style(self) -> AdaptiveInstanceNormalization:
        """The layer that exchanges statistics and stores those of a style."""
        return self.generator.get_layer("style")

    @cached_property
    def _from_image(self) -> keras.Model:
        """Encoder, stored style and decoder as one network; not among the model's own layers."""
        network = self.encoder.network
        model = keras.Model(
            network.inputs[0],
            self.generator(network.get_layer(self.style_layers[-1]).output),
            name=self.generator.name,
        )
        # Twice the encoder's multiple: its last map needs two pixels so that there is something to
        # mirror.
        model.size_multiple = 2**self.level
        return model

    @property
    def translators(self) -> dict[str, keras.Model]:
        """From an image to the stored style."""
        return {"a2b": self._from_image}

    @property
    def open_views(self) -> dict[str, View]:
        """`a2b`: an image and another whose style it gets, with full strength."""
        return {"a2b": View(self._from_two_images, ("images", "style"), reads="a")}

    @cached_property
    def _from_two_images(self) -> keras.Model:
        network = self.encoder.network
        encoder = keras.Model(
            network.inputs[0], network.get_layer(self.style_layers[-1]).output, name="encoder"
        )
        image, style = (
            keras.Input((None, None, 3), name=name) for name in ("image", "style_image")
        )
        features = encoder(image)
        stored = self.decoder(self.stored_style(features))
        asked = self.decoder(self.stored_style(features, style=encoder(style)))
        model = keras.Model([image, style], [stored, asked], name="generators")
        model.size_multiple = self._from_image.size_multiple
        return model

    def set_style(self, image: np.ndarray | str | Path, *, strength: float = 1.0) -> None:
        """Stores a style, for `translate`, for exports and for `save`.

        Args:
            image: uint8 (H, W, 3), the path of an image file, or `earth:<map>`. Its size matters:
                smaller images have smaller strokes.
            strength: The paper's alpha (equation 14), 0 to 1.

        Raises:
            DataError: If the image cannot be read or is too small, or the strength is out of range.
        """
        if not 0.0 <= strength <= 1.0:
            raise DataError(f"strength={strength} is not possible: it goes from 0 to 1")
        pixels = image if isinstance(image, np.ndarray) else read_style(image)
        if min(pixels.shape[:2]) < self._from_image.size_multiple:
            raise DataError(
                f"a style image of {pixels.shape[1]}x{pixels.shape[0]} is too small: it needs at "
                f"least {self._from_image.size_multiple} pixels on each side"
            )
        features = self.encoder(to_float(pixels)[None])[self.style_layers[-1]]
        mean, deviation = channel_statistics(features)
        layer = self.stored_style
        layer.mean.assign(mean[0, 0, 0])
        layer.deviation.assign(deviation[0, 0, 0])
        layer.strength.assign(strength)

    def stylised(self, source: "DataSource", size: Size) -> Stylised:
        """Test images of `a`, each in the style of a test image of `b` from another place."""
        contents, b, _ = evaluation_arrays(source, size=size, limit=MOST_IMAGES)
        if b is None:
            raise DataError(f"{self.name} has no style to measure: give data of two domains")
        # The image that is half the list further on shows another place.
        range_a, range_b = (self.value_ranges[domain] for domain in "ab")
        styles = list(np.roll(range_b.to_uint8(b), len(b) // 2, axis=0))[: len(contents)]
        made = []
        for content, style in zip(contents, styles, strict=True):
            self.set_style(style)
            made.append(self.translate_batch(content[None]))
        return Stylised(range_b.to_uint8(np.concatenate(made)), range_a.to_uint8(contents), styles)
