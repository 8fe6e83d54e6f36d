"""Neural style transfer: Image Style Transfer Using Convolutional Networks (Gatys et al. 2016)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import keras
import numpy as np
import tensorflow as tf

from tfi2i import losses, networks
from tfi2i.data import evaluation_arrays, read_image, read_style, resize_image, to_float, to_uint8
from tfi2i.data.fingerprint import fingerprint
from tfi2i.errors import RecipeError
from tfi2i.image_sizes import Size, as_size, height_and_width, shorter_side
from tfi2i.training import GAN, Player, gather_replicas, paper_adam
from tfi2i.training.sheet import Column, Panel
from tfi2i.zoo.style._base import Stylised

if TYPE_CHECKING:
    from tfi2i.data import DataSource

CONTENT_LAYER = "relu4_2"
STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")


class Gatys(GAN):
    r"""Paints one picture: the content of an image in the style of another, by optimisation.

    No network is trained. The picture x itself is optimised, until activations phi of a trained
    network are those of content c, and their Gram matrices those of style s:

        content    mean (phi_4_2(x) - phi_4_2(c))^2                                    (equation 1)
        style      sum over 1_1, 2_1, 3_1, 4_1, 5_1 of mean (gram(phi_l(x)) - gram(phi_l(s)))^2  (5)
        x          content_weight * content + style_weight * style + variation_weight * TV(x)   (7)

    An iteration is one step of the optimiser on x. `fit` is for one content image, the same in
    every batch; if a batch has several, x takes the mean of their objectives. There is no generator
    that could translate other images or be exported: `picture` is the result, and `stylise` does
    everything in one call.

    Batches: `images`, the content, float32 (B, H, W, 3) in [-1, 1].

    Example:
        import numpy as np
        from tfi2i.zoo.style.gatys import Gatys

        photo = np.random.randint(0, 256, (32, 32, 3), np.uint8)  # your photograph
        model = Gatys(crop_size=32, style="earth:etopo1", start="content")
        model.compile()
        picture = model.stylise(photo, iterations=2)
    """

    batch_kind = "images"

    def train_step(self, batch: tf.Tensor) -> dict[str, tf.Tensor]:
        """One step on the picture."""
        pixels = self.canvas.pixels
        if self.start == "content":
            first = gather_replicas(batch)[:1]
            pixels.assign(tf.where(tf.equal(self.iteration.value, 0), first, pixels.value))
        target = self.features(batch)[CONTENT_LAYER]
        with tf.GradientTape() as tape:
            features = self.features(pixels.value)
            content_loss = losses.content(features[CONTENT_LAYER], target)
            style_loss = tf.add_n(
                [
                    losses.gram_style(losses.gram_matrix(features[layer]), gram)
                    for layer, gram in self.style_grams.items()
                ]
            )
            variation_loss = losses.total_variation(pixels.value)
            picture_loss = (
                self.content_weight * content_loss
                + self.style_weight * style_loss
                + self.variation_weight * variation_loss
            )
        self.players["canvas"].minimize(picture_loss, tape)
        return self.report(
            picture_loss=picture_loss,
            content_loss=content_loss,
            style_loss=style_loss,
            variation_loss=variation_loss,
        )

    def make_players(
        self, *, learning_rate: float = 10.0 / 127.5, beta_1: float = 0.9
    ) -> dict[str, Player]:
        """Makes the player `canvas`.

        Args:
            learning_rate: Learning rate of Adam, which later implementations offer beside the
                paper's L-BFGS: 10 grey levels of 255.
            beta_1: First-moment decay of Adam.
        """
        return {"canvas": Player([self.canvas], paper_adam(learning_rate, beta_1))}

    def compile(self, **settings: Any) -> None:
        """As `GAN.compile`; also reads the style image and loads the trained network.

        Raises:
            DataError: If the style image cannot be read.
            MissingExtraError: If the package with the trained network is not installed.
        """
        super().compile(**settings)
        self.features = networks.PerceptualFeatures((CONTENT_LAYER, *STYLE_LAYERS))
        features = self.features(to_float(self.style_image())[None])
        self.style_grams = {
            layer: losses.gram_matrix(features[layer]).numpy() for layer in STYLE_LAYERS
        }
        self._fresh = tuple(np.array(v) for v in self.players["canvas"].optimizer.variables)

    def __init__(
        self,
        *,
        crop_size: Size = 512,
        style: str = "earth:etopo1",
        start: Literal["noise", "content"] = "noise",
        content_weight: float = 1.0,
        style_weight: float = 1e3,
        variation_weight: float = 1e-4,
        seed: int = 0,
        name: str = "gatys",
        **kwargs,
    ):
        """Makes the picture.

        Content and style layers are the paper's; the network has VGG-16's shape in place of
        VGG-19's, which has these layers too. The defaults of the weights are those of the first
        author's code, for a network normalised like this one (see `tfi2i.networks.vgg`). The
        smoothing by total variation comes from later implementations.

        Args:
            crop_size: Side of the picture in pixels, or (height, width).
            style: The style image: a file, or `earth:<map>`. Read in `compile`, at the size of the
                picture (its shorter side; section 2).
            start: White `noise`, as in the paper, or the `content`, which needs fewer iterations.
            content_weight: The paper's alpha.
            style_weight: The paper's beta.
            variation_weight: Weight of the total variation.
            seed: See `GAN`; it is also the seed of the white noise.
            name: Name of the model.
            **kwargs: `dtype`, as for any Keras model.

        Raises:
            RecipeError: If there is no such start.
        """
        super().__init__(seed=seed, name=name, **kwargs)
        if start not in ("noise", "content"):
            raise RecipeError(f"model.start is 'noise' or 'content', got {start!r}")
        self.crop_size = as_size(crop_size, "crop_size")
        self.style = style
        self.start = start
        self.content_weight = content_weight
        self.style_weight = style_weight
        self.variation_weight = variation_weight
        self.canvas = Canvas(crop_size, seed, name="canvas")

    def style_image(self) -> np.ndarray:
        """The style image at the size of the picture, uint8 (H, W, 3)."""
        return read_style(self.style, shorter_side(self.crop_size))

    def picture(self) -> np.ndarray:
        """The picture as it is now, uint8 (H, W, 3) of the `crop_size`."""
        return to_uint8(np.array(self.canvas.pixels)[0])

    def facts(self) -> dict[str, str]:
        """The style image's fingerprint: the file behind the name may be another by now."""
        return {"style_fingerprint": fingerprint(self.style_image().tobytes().hex())}

    def sheet(
        self, source: "DataSource", *, split: str, size: Size, limit: int | None = None
    ) -> list[Panel]:
        """The content, the style and the picture as it is now, which has the crop's size alone."""
        images, style = source.splits["train"].a, self.style_image()
        content, value_range = images.load(0), images.value_range
        height, width = height_and_width(self.crop_size)
        style_width = round(style.shape[1] * height / style.shape[0])
        given = [
            Column("content", resize_image(content, height, width)[None], None, value_range),
            Column("style", resize_image(style, height, style_width)[None]),
        ]
        return [Panel(given, [Column("picture", self.picture()[None])], may_copy=True)]

    def stylised(self, source: "DataSource", size: Size) -> Stylised:
        """The picture, the training image that it was made from, and its style."""
        contents, _, _ = evaluation_arrays(source, split="train", size=size, limit=1)
        contents = source.value_ranges[0].to_uint8(contents)
        return Stylised(self.picture()[None], contents, [self.style_image()])

    def stylise(self, content: np.ndarray | str | Path, *, iterations: int = 1000) -> np.ndarray:
        """Paints a content image from the start, with the style and optimiser of `compile`.

        Args:
            content: uint8 (H, W, 3), or the path of an image file; it is stretched to the picture's
                size.
            iterations: Steps.

        Returns:
            `picture()`.
        """
        pixels = content if isinstance(content, np.ndarray) else read_image(content)
        stretched = to_float(resize_image(pixels, *height_and_width(self.crop_size)))[None]
        self.iteration.assign(0)
        self.canvas.clean()
        for variable, value in zip(
            self.players["canvas"].optimizer.variables, self._fresh, strict=True
        ):
            variable.assign(value)
        batches = tf.data.Dataset.from_tensors(stretched).repeat()
        self.fit_batches(batches, steps_per_epoch=iterations, epochs=1, verbose=0)
        return self.picture()


class Canvas(keras.Model):
    """The picture that is optimised, in place of a network.

    Attributes:
        pixels: float32 (1, H, W, 3); not bounded to [-1, 1].
    """

    def __init__(self, size: Size, seed: int, **kwargs):
        """White noise of that size."""
        super().__init__(**{"dtype": "float32", **kwargs})
        self._noise = keras.initializers.RandomUniform(-1.0, 1.0, seed=seed)
        self.pixels = self.add_weight(
            name="pixels",
            shape=(1, *height_and_width(size), 3),
            initializer=self._noise,
            aggregation="only_first_replica",
        )
        self.built = True

    def clean(self) -> None:
        """Goes back to the noise of the start."""
        self.pixels.assign(self._noise(self.pixels.shape))
