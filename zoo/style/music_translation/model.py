"""Music translation: the Siamese translator on spectrograms (after Pasini's MelGAN-VC, 2019)."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tfi2i.data.decode.audio import BANDS, picture_to_sound, read_wav, sound_to_picture, write_wav
from tfi2i.errors import DataError
from tfi2i.image_sizes import height_and_width, size_in_words
from tfi2i.inference.file_names import check_free
from tfi2i.zoo.unpaired.siamese_translator import SiameseTranslator

SUFFIX = ".wav"


class MusicTranslation(SiameseTranslator):
    r"""Plays music on another instrument: `SiameseTranslator` on pictures of sound.

    A log-mel spectrogram is an image with one channel, 64 bands high; objective and networks are
    the Siamese translator's, without a change. This class adds the way in and out: sound becomes
    such a picture, its tiles are translated and blended, and Griffin-Lim makes sound from the
    result. A picture keeps 64 bands and no phases: the sound can at best be as good as what
    Griffin-Lim makes from the picture of the true rendering, which is measured beside it.

    Recipes set `input_channels` and `output_channels` to 1 and images to 64 px, without flips: a
    flip would play music backwards.

    Batches: `unpaired`, (a, b) float32 (B, 64, 64, 1) in [-1, 1], at least two in a batch.

    Example:
        import numpy as np
        from tfi2i.zoo.style.music_translation import MusicTranslation

        a, b = np.random.randint(0, 256, (2, 2, 64, 64, 1), np.uint8)  # pictures of your sound
        model = MusicTranslation(crop_size=64, input_channels=1, output_channels=1, filters=8)
        model.compile()
        model.fit(a, b, batch_size=2)
        sound = model.translate_sound(np.random.uniform(-1, 1, 16_000).astype("float32"))
    """

    batch_kind = "unpaired"

    def translate_sound(
        self, sound: np.ndarray | str | Path, *, direction: str = "a2b"
    ) -> np.ndarray:
        """Translates sound of any length.

        Args:
            sound: float32 (N,) in [-1, 1] at 16 kHz, or the path of a wav file.
            direction: `a2b`.

        Returns:
            float32 (M,) at 16 kHz, M the samples of whole columns of the spectrogram.

        Raises:
            DataError: If the file cannot be read, or the model was not trained on sound.
        """
        height, _ = height_and_width(self.crop_size)
        channels = self.translator(direction).input_shape[-1]
        if (height, channels) != (BANDS, 1):
            raise DataError(
                f"{self.name} was trained on images of {size_in_words(self.crop_size)} px and "
                f"{channels} channels; sound is pictures of {BANDS} px in height and 1 channel"
            )
        samples = sound if isinstance(sound, np.ndarray) else read_wav(sound)
        # By tiles, which is how it is measured: a piece is as long as it likes to be, and the
        # statistics of its quiet parts are not those of its loud ones.
        picture = self.translate(
            sound_to_picture(samples), direction=direction, tile=self.crop_size, scale=1
        )
        return picture_to_sound(picture)

    def translate_files(
        self,
        inputs: Sequence[str | Path],
        out_dir: str | Path,
        *,
        direction: str = "a2b",
        overwrite: bool = False,
        **options,
    ) -> list[Path]:
        """Translates wav files into a folder, under their own names; image files as anywhere else.

        Args:
            inputs: Wav files; or image files, folders and globs.
            out_dir: Is made if need be.
            direction: `a2b`.
            overwrite: Replace files that are in `out_dir` already.
            **options: Options for image files: see `tfi2i.inference.files.translate_files`.

        Returns:
            The written files.

        Raises:
            DataError: If sound and images are mixed, a file cannot be read, or one would overwrite
                its input or (without `overwrite`) any other.
        """
        sounds = [Path(path) for path in inputs if Path(path).suffix.lower() == SUFFIX]
        if not sounds:
            return super().translate_files(
                inputs, out_dir, direction=direction, overwrite=overwrite, **options
            )
        if len(sounds) != len(inputs):
            raise DataError("translate sound and images in two calls: some files are no wav files")
        targets = [Path(out_dir) / path.name for path in sounds]
        if len(set(targets)) < len(targets):
            raise DataError("two wav files have one name: translate them into two folders")
        for source, target in zip(sounds, targets, strict=True):
            if target.exists() and target.samefile(source):
                raise DataError(f"{source} would be overwritten; choose another output folder")
        if not overwrite:
            check_free(targets)
        Path(out_dir).mkdir(parents=True, exist_ok=True)
        for source, target in zip(sounds, targets, strict=True):
            write_wav(target, self.translate_sound(source, direction=direction))
        return targets
