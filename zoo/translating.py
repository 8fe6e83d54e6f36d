"""What a model can do that has views from images to images, whatever it was trained for."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import keras
import numpy as np

from tfi2i.data.decode.resizing import resize_image
from tfi2i.data.decode.values import ValueRanges
from tfi2i.data.scale import Scale, check_scale, scale_factor, scale_in_words
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size, size_in_words
from tfi2i.inference.sizes import mirrored_to_fit, only_size
from tfi2i.training.gan import GAN
from tfi2i.training.views import View

_BATCH_SIZE = 16


class Translating(GAN):
    """A model with one or more views that take images alone; a direction is the name of one.

    Networks of most variants take images of any size. One that takes a single size, such as an
    encoder with a dense layer, gets each image resized to it, and its answer is brought back to the
    image's own size.
    """

    @property
    def translators(self) -> dict[str, keras.Model]:
        """Direction to its network, a functional model from images to images."""
        views = self.views.items()
        return {name: view.network for name, view in views if view.takes == ("images",)}

    def translator(self, direction: str | None = None) -> keras.Model:
        """The network of one direction, None for the first.

        Raises:
            DataError: If the variant does not translate in this direction.
        """
        return self.image_view(direction).network

    def image_view(self, direction: str | None = None) -> View:
        """The view of one direction, None for the first.

        Raises:
            DataError: If the variant does not translate in this direction.
        """
        known = list(self.translators)
        direction = direction or known[0]
        if direction not in known:
            raise DataError(f"{self.name} translates {' and '.join(known)}, not {direction!r}")
        return self.views[direction]

    def ranges_of(self, direction: str | None) -> ValueRanges:
        """The value ranges of what a direction reads and makes."""
        view = self.image_view(direction)
        return self.value_ranges[view.reads or "a"], self.value_ranges[view.makes]

    def scale_of(
        self, direction: str | None, scale: Scale, *, height: int = 1, width: int = 1
    ) -> float:
        """What the sides of an image are multiplied by before it is translated.

        Args:
            direction: See `translator`.
            scale: See `tfi2i.data.scale.scale_factor`.
            height: Height of the image in pixels.
            width: Width of the image in pixels.

        Returns:
            The factor; 1 for a network of a single size, to which images are resized anyway.

        Raises:
            DataError: The scale is impossible, or the network leaves none to choose.
        """
        view = self.image_view(direction)
        size = only_size(view.network)
        if size is None:
            domain = view.reads or "a"
            return scale_factor(
                scale, self.trained_scale, height=height, width=width, domain=domain
            )
        check_scale(scale)
        if not isinstance(scale, str) and scale != 1:
            raise DataError(
                f"scale={scale:g} has no meaning for {self.name}: it takes images of "
                f"{size_in_words(size)} px alone, and every image is resized to that"
            )
        return 1.0

    def scale_told(self, direction: str | None, scale: Scale) -> str | None:
        """One sentence on what is done to the pictures' size; None where they keep their pixels."""
        view = self.image_view(direction)
        size = only_size(view.network)
        if size is None:
            return scale_in_words(scale, self.trained_scale, view.reads or "a")
        return (
            f"each picture was resized to {size_in_words(size)} px, which the model takes, and "
            "brought back to its size"
        )

    def translate(
        self,
        image: np.ndarray | str | Path,
        *,
        direction: str | None = None,
        tile: Size | None = None,
        scale: Scale = "trained",
    ) -> np.ndarray:
        """Translates one image of any size.

        Args:
            image: Pixels (H, W, C) of the depth that the model was trained with (uint8, if nothing
                else was stated), or the path of a file that has it.
            direction: See `translators`; None takes the first.
            tile: Size of tiles that are translated one by one and blended, in pixels: the side of
                a square or (height, width); None for the image as one, as exported files translate
                it. See `translate_image`.
            scale: Factor for the image's sides before it is translated: "trained" for the factor of
                the training images, "fit" for as many pixels as whole images had in training, or a
                number; 1 keeps the image's pixels. See `tfi2i.data.scale`.

        Returns:
            Pixels (H, W, C_out) of the depth of the other domain, in the image's own size at every
            scale.
        """
        from tfi2i.data import read_pixels
        from tfi2i.inference.translate import translate_image

        generator, ranges = self.translator(direction), self.ranges_of(direction)
        if isinstance(image, np.ndarray):
            pixels = image
        else:
            channels = generator.input_shape[-1]
            pixels = read_pixels(image, channels=channels, value_range=ranges[0])
        ranges[0].require(pixels, "translate")
        height, width = pixels.shape[:2]
        factor = self.scale_of(direction, scale, height=height, width=width)
        with self.averaged_weights():
            return translate_image(generator, pixels, tile=tile, scale=factor, value_ranges=ranges)

    def translate_files(
        self,
        inputs: Sequence[str | Path],
        out_dir: str | Path,
        *,
        direction: str | None = None,
        tile: Size | None = None,
        scale: Scale = "trained",
        **options,
    ) -> list[Path]:
        """Translates image files into a folder.

        Args:
            inputs: Files, folders and globs.
            out_dir: Where the translations go; it is made if need be.
            direction: The same as for `translate`.
            tile: The same as for `translate`.
            scale: The same as for `translate`.
            **options: See `tfi2i.inference.files.translate_files`.

        Returns:
            The written files.
        """
        from tfi2i.inference.files import translate_files

        view, resized = self.image_view(direction), self.scale_of(direction, scale)
        any_size = only_size(view.network) is None
        with self.averaged_weights():
            return translate_files(
                view.network,
                inputs,
                out_dir,
                tile=tile,
                scale=scale if any_size else resized,
                trained=self.trained_scale if any_size else None,
                domain=view.reads or "a",
                value_ranges=self.ranges_of(direction),
                may_be_pairs=self.batch_kind == "paired",
                **options,
            )

    def translate_batch(self, images: np.ndarray, *, direction: str | None = None) -> np.ndarray:
        """Translates pixels (N, H, W, C), each image whole; pixels out.

        Rows and columns that a generator needs beyond the images are mirrored, and cut off again.
        For a network of a single size images are resized, and its answers are resized back.

        Raises:
            DataError: The images are not pixels of the depth that the model was trained with, uint8
                where nothing else was stated.
        """
        taken, made = self.ranges_of(direction)
        taken.require(images, "translate_batch")
        generator = self.translator(direction)
        (height, width), size = images.shape[1:3], only_size(generator)
        if size is None:
            fitting = mirrored_to_fit(images, generator.size_multiple)
        else:
            fitting = np.stack([resize_image(image, *size) for image in images])
        with self.averaged_weights():
            parts = [
                np.asarray(generator(taken.to_float(fitting[i : i + _BATCH_SIZE]), training=False))
                for i in range(0, len(images), _BATCH_SIZE)
            ]
        translated = made.to_pixels(np.concatenate(parts))
        if size is None:
            return translated[:, :height, :width]
        return made.clipped(np.stack([resize_image(one, height, width) for one in translated]))


def translator_of(model: GAN) -> Translating:
    """The model as one that translates images.

    Raises:
        DataError: If none of its views takes images alone.
    """
    if any(view.takes == ("images",) for view in model.views.values()):
        return cast("Translating", model)
    draws = any("latents" in view.takes for view in model.views.values())
    way = "tfi2i sample draws its images" if draws else "what it made is among its run's samples"
    raise DataError(f"{model.name} has no generator that translates images; {way}")
