"""Base of the generators that take what an image shall show, in words, beside a latent."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from tfi2i import networks
from tfi2i.data import evaluation_arrays, spread_evenly
from tfi2i.data.captions import ENCODER, ENCODER_LENGTH, Embedded, look_up, read_embeddings
from tfi2i.errors import DataError
from tfi2i.image_sizes import Size
from tfi2i.training.replicas import gather_replicas, own_share
from tfi2i.training.sheet import Column, Panel
from tfi2i.zoo.generation._base import GenerationGAN

if TYPE_CHECKING:
    from tfi2i.data import DataSource

Captions = str | Sequence[str] | np.ndarray

# Captions that a model knows by itself, spread evenly over those of the training images.
_MOST_KNOWN = 64


class CaptionGAN(GenerationGAN):
    """A generator G(z, t) of a latent and the embedding of a caption.

    A model knows some captions of its training images by itself. Others are looked up in a file of
    embeddings, or embedded by the sentence encoder.

    Attributes:
        generator: [z (B, latent_length), embeddings (B, embedding_length)] -> images in [-1, 1].
        text_encoder: Who made the embeddings.
        known_captions: What it knows by itself.
        known_embeddings: A table of their embeddings.
    """

    batch_kind = "captioned"
    condition_kind = "captions"

    def __init__(
        self,
        *,
        text_encoder: str = ENCODER,
        embedding_length: int = ENCODER_LENGTH,
        known_captions: tuple[str, ...] = (),
        **kwargs,
    ):
        """Notes what captions are to the model; a training takes all three from its images.

        Args:
            text_encoder: Who made the embeddings.
            embedding_length: Their components.
            known_captions: Some of the training images' captions, at most 64.
            **kwargs: See `GenerationGAN`.
        """
        super().__init__(**kwargs)
        self.text_encoder = text_encoder
        self.embedding_length = embedding_length
        self.known_captions = tuple(known_captions)
        self.known_embeddings = networks.caption_table(
            count=_MOST_KNOWN, length=embedding_length, name="known_embeddings"
        )

    @classmethod
    def completed_config(cls, config: dict[str, Any], source: "DataSource") -> dict[str, Any]:
        """Takes encoder, length and known captions from the images too."""
        if source.dataset is not None:
            spec: Any = source.dataset.element_spec
            found = {"embedding_length": spec[1].shape[-1]}
        else:
            captions, embeddings = _captions_of(source, "train")
            chosen = spread_evenly(len(captions), _MOST_KNOWN)
            found = {
                "text_encoder": source.text_encoder,
                "embedding_length": embeddings.shape[1],
                "known_captions": [captions[place] for place in chosen],
            }
        return super().completed_config({**config, **found}, source)

    def prepare(self, source: "DataSource") -> None:
        """Fills the table of known embeddings."""
        if source.dataset is None:
            _, embeddings = _captions_of(source, "train")
            chosen = embeddings[spread_evenly(len(embeddings), _MOST_KNOWN)]
            rows = np.zeros((_MOST_KNOWN, self.embedding_length), np.float32)
            rows[: len(chosen)] = chosen
            self.known_embeddings.set_weights([rows])

    @property
    def caption_length(self) -> int:
        """Components of an embedding."""
        return self.embedding_length

    @property
    def condition_length(self) -> int:
        """The same."""
        return self.embedding_length

    @property
    def known(self) -> Embedded:
        """The captions that the model knows by itself, with their embeddings."""
        (rows,) = self.known_embeddings.get_weights()
        return Embedded(self.text_encoder, self.known_captions, rows[: len(self.known_captions)])

    def caption_conditions(
        self, captions: Captions, count: int, *, file: Path | None = None
    ) -> np.ndarray:
        """Captions as `decode` takes them, in turn: float32 (count, embedding_length).

        Args:
            captions: One or several, in words or as embeddings (N, embedding_length).
            count: How many conditions.
            file: Embeddings of further captions (`tfi2i.data.captions`), or None.

        Raises:
            DataError: There is none, an embedding has another length, or a caption is not known and
                the encoder is the user's own.
            MissingExtraError: A caption is not known, and the encoder is not installed.
        """
        if isinstance(captions, np.ndarray):
            embeddings = np.asarray(captions, np.float32)
            if embeddings.ndim != 2 or embeddings.shape[1] != self.embedding_length:
                raise DataError(
                    f"{self.name} takes embeddings (N, {self.embedding_length}) of captions, not "
                    f"{embeddings.shape}"
                )
        else:
            words = [captions] if isinstance(captions, str) else list(captions)
            places = [self.known] + ([read_embeddings(file)] if file is not None else [])
            embeddings = look_up(words, encoder=self.text_encoder, places=places)
        if not len(embeddings):
            raise DataError(f"{self.name} draws what a caption says: give one")
        return embeddings[np.arange(count) % len(embeddings)]

    @property
    def condition_names(self) -> tuple[str, ...]:
        """The captions that it knows."""
        return self.known_captions

    def conditions(self, count: int, *, source: "DataSource | None" = None) -> np.ndarray:
        """Captions that are known, in turn; of a source those of its held-out images.

        Raises:
            DataError: No caption is known.
        """
        if source is not None:
            split = next(name for name in ("test", "val", "train") if name in source.splits)
            _, embeddings = _captions_of(source, split)
            places = spread_evenly(len(embeddings), count)
            return embeddings[np.resize(places, count)]
        if not self.known_captions:
            raise DataError(
                f"{self.name} knows no captions by itself: give some, such as "
                "sample(4, captions='a red apple')"
            )
        return self.caption_conditions(self.known_captions, count)

    def sample(
        self,
        count: int = 16,
        *,
        seed: int = 0,
        truncation: float | None = None,
        captions: Captions | None = None,
    ) -> np.ndarray:
        """Draws images: pixels (count, H, W, channels).

        Args:
            count: How many.
            seed: See `latents`.
            truncation: See `latents`.
            captions: What they shall show, one or several in turn, in words or as embeddings; None:
                known captions in turn.

        Raises:
            DataError: See `caption_conditions`.
        """
        latents = self.latents(count, seed=seed, truncation=truncation)
        asked = None if captions is None else self.caption_conditions(captions, count)
        return self.decode(latents, asked)

    def sheet(
        self, source: "DataSource", *, split: str, size: Size, limit: int | None = None
    ) -> list[Panel]:
        """A row for each of some captions: the image that has it, and what is drawn of it."""
        real, _, _ = evaluation_arrays(source, split=split, size=self.crop_size, limit=limit)
        _, embeddings = _captions_of(source, split)
        asked = embeddings[spread_evenly(len(embeddings), limit)]
        columns = [
            Column(name, images, real, self._range)
            for name, images in self.drawn_for_sheet(asked).items()
        ]
        return [Panel([], columns, [Column("real", real, None, self._range)])]

    def sketches(self, latents: np.ndarray, captions: np.ndarray) -> np.ndarray | None:
        """What a model of several stages draws first, smaller than `decode`; None for others."""
        return None

    def drawn_for_sheet(self, captions: np.ndarray) -> dict[str, np.ndarray]:
        """Columns of a sheet: name -> pixels (N, H, W, channels) of N embeddings."""
        return {"samples": self.decode(self.latents(len(captions)), captions)}


def captions_of_others(captions: tf.Tensor) -> tf.Tensor:
    """For each image of the global batch the caption of the next: (B, L)."""
    return own_share(tf.roll(gather_replicas(captions), -1, axis=0), captions.shape[0])


def _captions_of(source: "DataSource", split: str) -> tuple[Sequence[str], np.ndarray]:
    part = source.splits.get(split)
    if part is None or part.captions is None or part.embeddings is None:
        raise DataError(f"{source.name} ({source.kind}) has no captioned {split!r} images")
    return part.captions, part.embeddings
