"""One file of a picture or a clip through a generator."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
from rich.console import Console

from tfi2i.data import read_pixels, write_pixels
from tfi2i.data.decode.animations import Animation
from tfi2i.data.decode.clips import Clip
from tfi2i.data.decode.files import Side, half_of
from tfi2i.data.decode.images import display_name
from tfi2i.data.decode.rows import Rows, RowStore
from tfi2i.data.decode.tags import read_tags
from tfi2i.data.decode.values import ValueRanges
from tfi2i.data.scale import Scale, TrainedScale, scale_factor, unlike_training
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size
from tfi2i.inference.clips import (
    UnreadableError,
    check_depth,
    figures_path,
    network_facts,
    translate_clip,
)
from tfi2i.inference.remarks import Remarks
from tfi2i.inference.translate import pairs_of_places, translate_image
from tfi2i.whole_files import make_folder

Report = Callable[[float], None]
# A core compares some hundred million in a second (benchmarks/results_large_images.json).
_MOST_PAIRS_WITHOUT_A_WORD = 2e11


@dataclass(frozen=True)
class FileTranslator:
    """How each file is translated; see `tfi2i.inference.files` for the attributes."""

    generator: keras.Model
    tile: Size | None
    scale: Scale
    trained: TrainedScale | None
    domain: str
    value_ranges: ValueRanges
    overlap: float
    side: Side | None
    may_be_pairs: bool
    remarks: Remarks
    console: Console

    def translate(self, file: Path, target: Path, clip: Clip | None, report: Report) -> None:
        """Reads a file, and writes its translation.

        Raises:
            UnreadableError: It cannot be read.
            DataError: Its translation cannot be written.
        """
        make_folder(target.parent, DataError)
        clip = clip or Animation.opened(file)
        if clip is not None:
            return self._translate_clip(clip, target, report)
        # Rows of large pictures are in files, so that memory does not grow with them.
        with RowStore() as store:
            try:
                image = read_pixels(
                    file,
                    channels=self.generator.input_shape[-1],
                    value_range=self.value_ranges[0],
                    room=store.room,
                )
                image = self._half(image, file)
            except DataError as error:
                raise UnreadableError(error) from error
            tags = read_tags(file)
            height, width = image.shape[:2]
            unlike = unlike_training(self.trained, height, width, domain=self.domain)
            pair = self.may_be_pairs and self.side is None and width == 2 * height
            self.remarks.look_at(file, tags, unlike=unlike, pair=pair)
            self._warn_of_attention(file, height * width)
            made = self._translated(image, report=report, room=store.room)
            write_pixels(target, made, tags=tags.save_options(target.suffix.lower()))

    def _warn_of_attention(self, file: Path, pixels: int) -> None:
        """Says before the work that it takes long, and what is quicker."""
        if self.tile is not None:
            return
        factor = scale_factor(self.scale, self.trained, height=1, width=pixels, domain=self.domain)
        pairs = pairs_of_places(self.generator, round(pixels * factor**2))
        if pairs > _MOST_PAIRS_WITHOUT_A_WORD:
            self.console.print(
                f"{display_name(file)}: this network's attention compares {pairs:.1e} pairs of "
                "places, which takes long: --tile 1024 translates it by tiles, and --scale in a "
                "smaller size"
            )

    def _translate_clip(self, clip: Clip, target: Path, report: Report) -> None:
        try:
            check_depth(clip, self.value_ranges)
        except DataError as error:
            raise UnreadableError(error) from error
        facts = {
            "scale": self.scale,
            "tile": str(self.tile),
            "overlap": self.overlap,
            "side": self.side,
            **network_facts(self.generator),
        }
        figures = translate_clip(
            clip,
            target,
            self._translated,
            channels=self.generator.input_shape[-1],
            prepare=lambda pixels: self._half(pixels, clip.path),
            facts=facts,
            report=report,
        )
        self.remarks.note(clip.path, clip.remarks())
        if figures.get("flicker") is not None:
            name = figures_path(target).name
            self.remarks.tell(
                f"{display_name(clip.path)}: its translation changes {figures['flicker']:.2f} "
                f"times as much from frame to frame as it does itself ({name})"
            )

    def _half(self, pixels: Any, file: Path) -> Any:
        return pixels if self.side is None else half_of(pixels, self.side, display_name(file))

    def _translated(self, pixels: Rows, **options: Any) -> Any:
        height, width = pixels.shape[:2]
        factor = scale_factor(
            self.scale, self.trained, height=height, width=width, domain=self.domain
        )
        return translate_image(
            self.generator,
            pixels,
            tile=self.tile,
            scale=factor,
            overlap=self.overlap,
            value_ranges=self.value_ranges,
            **options,
        )
