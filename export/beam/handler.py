"""A translator as a `ModelHandler` of Apache Beam, for `RunInference` in any pipeline.

Example:
    handler = KeyedModelHandler(TranslatorHandler(preset="pix2pix-relief2elevation-64"))
    pictures = paths | beam.Map(lambda path: (path, Picture(path, open(path, "rb").read())))
    made = pictures | RunInference(handler)  # (path, PredictionResult), whose inference is a `Made`
"""

# pyright: reportMissingImports=false
import contextlib
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from apache_beam.ml.inference.base import ModelHandler, PredictionResult

from tfi2i.data.decode.deep import read_pixels
from tfi2i.data.decode.files import Side, half_of
from tfi2i.data.decode.images import display_name
from tfi2i.data.decode.rows import RowStore
from tfi2i.data.decode.tags import read_tags
from tfi2i.data.decode.writing import suffixes_for, write_pixels
from tfi2i.data.scale import Scale
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size
from tfi2i.inference.presets import preset_folder

if TYPE_CHECKING:
    from tfi2i.zoo.translating import Translating


class Picture(NamedTuple):
    """An encoded picture.

    Attributes:
        name: Its path or address; the suffix says what its translation is encoded as.
        content: The file's bytes.
    """

    name: str
    content: bytes


class Made(NamedTuple):
    """What became of a picture.

    Attributes:
        content: The encoded translation; None if the picture cannot be read.
        reason: Why not, in words that name it.
        frames: How many the picture has; the first was translated.
    """

    content: bytes | None
    reason: str = ""
    frames: int = 1


@dataclass(frozen=True)
class _Model:
    """A loaded model, and what it is asked for."""

    model: "Translating"
    direction: str | None


class TranslatorHandler(ModelHandler[Picture, PredictionResult, _Model]):
    """Translates encoded pictures of any size, as `tfi2i translate` does.

    A worker loads the model once. Pictures that cannot be read get a `Made` with the reason.
    """

    def __init__(
        self,
        *,
        run: str | None = None,
        preset: str | None = None,
        checkpoint: str | None = None,
        direction: str | None = None,
        tile: Size | None = None,
        scale: Scale = "trained",
        side: Side | None = None,
        style: str | None = None,
        strength: float = 1.0,
    ):
        """Says which model and how.

        Args:
            run: A run folder or a saved model, under the same path on every machine; or
            preset: A model that ships with tfi2i.
            checkpoint: Of the run: an iteration, or `best`.
            direction: See `Translating.translate`.
            tile: The same.
            scale: The same.
            side: Of pictures with two images side by side, the one to translate.
            style: Path of a style image, for variants that take one.
            strength: Of the style, 0 to 1.

        Raises:
            DataError: Not exactly one of run and preset is given.
        """
        if (run is None) == (preset is None):
            raise DataError("a TranslatorHandler takes a run or a preset, and not both")
        super().__init__(min_batch_size=1, max_batch_size=4)
        self._run, self._preset, self._checkpoint = run, preset, checkpoint
        self._direction, self._tile = direction, tile
        self._scale: Scale = scale
        self._side: Side | None = side
        self._style, self._strength = style, strength

    def load_model(self) -> _Model:
        """Loads the model, its averaged weights and its style.

        Raises:
            Tfi2iError: There is no such model, direction or style.
        """
        from tfi2i.zoo.catalogue import load
        from tfi2i.zoo.style._base import TakesStyle
        from tfi2i.zoo.translating import translator_of

        folder = preset_folder(self._preset) if self._preset else Path(cast(str, self._run))
        model = translator_of(load(folder, checkpoint=self._checkpoint))
        if self._style is not None:
            if not isinstance(model, TakesStyle):
                raise DataError(f"{model.name} has its style from training, and takes no other")
            model.set_style(self._style, strength=self._strength)
        model.scale_of(self._direction, self._scale)
        # For good: threads share the model, and exchanging weights is not for several at once.
        contextlib.ExitStack().enter_context(model.averaged_weights())
        return _Model(model, self._direction)

    def run_inference(
        self,
        batch: Sequence[Picture],
        model: _Model,
        inference_args: dict[str, Any] | None = None,
    ) -> Iterable[PredictionResult]:
        """Translates pictures one by one, since each may have another size."""
        return [PredictionResult(picture.name, self._made(picture, model)) for picture in batch]

    def get_metrics_namespace(self) -> str:
        """Where Beam counts what it measures of inference."""
        return "tfi2i"

    def _made(self, picture: Picture, loaded: _Model) -> Made:
        from tfi2i.inference.translate import translate_image

        model, direction = loaded.model, loaded.direction
        generator, ranges = model.translator(direction), model.ranges_of(direction)
        with RowStore() as store:
            try:
                image = read_pixels(
                    picture.content,
                    channels=generator.input_shape[-1],
                    value_range=ranges[0],
                    room=store.room,
                )
                if self._side is not None:
                    image = half_of(image, self._side, picture.name)
            except DataError as error:
                reason = str(error).replace(display_name(picture.content), picture.name)
                return Made(None, reason)
            height, width = image.shape[:2]
            made = translate_image(
                generator,
                image,
                tile=self._tile,
                scale=model.scale_of(direction, self._scale, height=height, width=width),
                value_ranges=ranges,
                room=store.room,
            )
            possible = suffixes_for(ranges[1].dtype, generator.output_shape[-1])
            suffix = made_suffix(picture.name, possible)
            tags = read_tags(picture.content)
            content = _encoded(made, suffix, tags.save_options(suffix))
        return Made(content, frames=tags.frames)


def made_suffix(name: str, possible: Sequence[str]) -> str:
    """The suffix of a translation: that of the picture where such a file holds it."""
    suffix = Path(name).suffix.lower()
    return suffix if suffix in possible else possible[0]


def _encoded(pixels: Any, suffix: str, tags: dict[str, Any]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="tfi2i-") as folder:
        path = Path(folder) / f"made{suffix}"
        write_pixels(path, pixels, tags=tags)
        return path.read_bytes()
