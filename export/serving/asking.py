"""What the clients of a served model have in common, whichever way their requests go."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np

from tfi2i.data.decode.images import ImageFile
from tfi2i.errors import Tfi2iError
from tfi2i.export.client import Served, prepare
from tfi2i.export.serving.messages import Value


class ServingError(Tfi2iError):
    """The server refuses a request, or does not answer.

    Attributes:
        code: The HTTP status or the name of gRPC's status; None where there was no answer.
    """

    def __init__(self, message: str, code: int | str | None):
        super().__init__(message)
        self.code = code


class ServingClient(ABC):
    """Asks one model of a TF Serving server.

    Attributes:
        model: Its name on the server.
        timeout_s: Seconds to wait for an answer.
    """

    def __init__(self, model: str, timeout_s: float):
        self.model = model
        self.timeout_s = timeout_s

    @abstractmethod
    def ask(
        self, signature: str, inputs: Mapping[str, Value], version: int | None = None
    ) -> np.ndarray | list[bytes]:
        """One request.

        Args:
            signature: Of the model; the README beside it lists them.
            inputs: Name to an array, or to a list of bytes.
            version: Of the model; None for the newest.

        Returns:
            The signature's one output: an array, or a list of bytes.

        Raises:
            ServingError: The server refuses it, with its words, or does not answer.
        """

    @abstractmethod
    def versions(self) -> dict[int, str]:
        """The model's versions and their states; `AVAILABLE` are those that answer.

        Raises:
            ServingError: The server knows no such model, or does not answer.
        """

    def translate(
        self,
        image: ImageFile,
        *,
        domain: int | None = None,
        latents: Sequence[float] | np.ndarray | None = None,
        style: ImageFile | None = None,
        served: Served | None = None,
    ) -> bytes:
        """Translates any image file: it is read here as training reads it, and sent as a PNG.

        Args:
            image: Path or content of an image file.
            domain: Number of the domain to translate to, where the model has several.
            latents: The latent, where the model takes one; None for its mean.
            style: Path or content of an image whose style is wanted, where the model takes one.
            served: What the model takes, from `Served.of`; None for RGB of 8 bits.

        Returns:
            A PNG.

        Raises:
            DataError: A file is no image.
            ServingError: See `ask`.
        """
        encoded = served.prepare(image) if served else prepare(image)
        inputs: dict[str, Value] = {"encoded": [encoded]}
        signature = "serving_bytes"
        if domain is not None:
            inputs["domain"] = np.array([domain], np.int64)
        if latents is not None:
            inputs["latents"] = np.asarray(latents, np.float32)[np.newaxis]
            signature += "_latents"
        if style is not None:
            inputs["style"] = [prepare(style)]
            signature += "_style"
        return self._files(signature, inputs)[0]

    def draw(
        self,
        seeds: Sequence[int],
        *,
        labels: Sequence[int] | None = None,
        captions: np.ndarray | None = None,
    ) -> list[bytes]:
        """Draws an image for each seed, where the model makes images of latents.

        Args:
            seeds: The same seed gives the same image.
            labels: Number of a class for each, where the model takes one.
            captions: Embedding of a caption for each, float32 (N, L), where the model takes one.

        Returns:
            PNGs.

        Raises:
            ServingError: See `ask`.
        """
        inputs: dict[str, Value] = {"seeds": np.asarray(seeds, np.int64)}
        if labels is not None:
            inputs["labels"] = np.asarray(labels, np.int64)
        if captions is not None:
            inputs["captions"] = np.asarray(captions, np.float32)
        return self._files("serving_png", inputs)

    def _files(self, signature: str, inputs: Mapping[str, Value]) -> list[bytes]:
        answer = self.ask(signature, inputs)
        assert isinstance(answer, list)
        return answer


def readable(message: str) -> str:
    """The sentence of a refusal in a served graph, without TensorFlow's words around it."""
    found = re.search(r"assertion failed: \[(.*?)\](?:\s|$)", message, re.DOTALL)
    return found.group(1) if found else message.partition("\n\t [[")[0].strip()
