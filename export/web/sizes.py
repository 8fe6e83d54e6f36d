"""One LiteRT file for images of every size: which numbers in it follow from height and width.

A converted file has one size, and the runtime in browsers cannot change it. But the files of two
sizes are alike to the byte, except for whole numbers: the shapes of tensors, and constants that
operators take for shapes. With h and w the sides in multiples of what the network takes, each of
them is c + a h + b w + p h w, which four files tell and a fifth one proves. With these numbers put
in anew a page translates any image whole, as `translate` does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from tensorflow.lite.python import conversion_metadata_schema_py_generated as metadata_schema
from tensorflow.lite.python import schema_py_generated as schema

Shape = tuple[int, int]
# In multiples of what the network takes, beyond the file's own size: three sizes to find the
# numbers by, and one to prove them.
_STEPS = ((1, 0), (0, 1), (1, 1))
_PROOF = (3, 2)


@dataclass(frozen=True)
class SizeNumbers:
    """The numbers of a file that follow from the size of its images.

    Attributes:
        multiple: The generator's size_multiple, in pixels.
        places: int64 (N,), of int32 numbers, counted in numbers from the file's beginning.
        terms: int64 (N, 4), each number's c, a, b and p.
    """

    multiple: int
    places: np.ndarray
    terms: np.ndarray

    @classmethod
    def of(
        cls, model: bytes, size: Shape, multiple: int, convert: Callable[[Shape], bytes]
    ) -> "SizeNumbers | None":
        """Finds them.

        Args:
            model: The file for images of `size`.
            size: Height and width in pixels, multiples of `multiple`.
            multiple: The generator's size_multiple.
            convert: Makes the file for another size.

        Returns:
            None where files of two sizes differ in more: something as large as an image is stored
            in them, such as the mask of dropout.
        """

        def beyond(step: Shape) -> Shape:
            return size[0] + step[0] * multiple, size[1] + step[1] * multiple

        others = []
        for step in _STEPS:
            others.append(without_hash(convert(beyond(step))))
            if len(others[-1]) != len(model):
                return None
        plain = without_hash(model)
        base = _numbers(plain)
        steps = [_numbers(other) - base for other in others]
        places = np.flatnonzero(np.any(steps, axis=0))
        down, right, both = (step[places] for step in steps)
        height, width = size[0] // multiple, size[1] // multiple
        product = both - down - right
        by_height, by_width = down - product * width, right - product * height
        constant = base[places] - by_height * height - by_width * width - product * height * width
        found = cls(multiple, places, np.stack([constant, by_height, by_width, product], axis=1))
        proof = without_hash(convert(beyond(_PROOF)))
        return found if found.sized(plain, beyond(_PROOF)) == proof else None

    def sized(self, model: bytes, size: Shape) -> bytes:
        """The file for images of another height and width, multiples of the generator's."""
        height, width = size[0] // self.multiple, size[1] // self.multiple
        numbers = _numbers(model)
        numbers[self.places] = self.terms @ np.array([1, height, width, height * width])
        whole = numbers.astype("<i4").tobytes()
        return whole + model[len(whole) :]

    def to_facts(self) -> dict[str, Any]:
        """A form for JSON: numbers that follow the size in one way stand together."""
        kinds, kind = np.unique(self.terms, axis=0, return_inverse=True)
        return {
            "multiple": self.multiple,
            "terms": kinds.tolist(),
            "places": [self.places[kind == number].tolist() for number in range(len(kinds))],
        }


def _numbers(model: bytes) -> np.ndarray:
    """The whole numbers of a file, wide enough to be reckoned with."""
    return np.frombuffer(model[: len(model) // 4 * 4], "<i4").astype(np.int64)


def without_hash(model: bytes) -> bytes:
    """A file without the number that its converter made of its content; nothing reads it."""
    parsed = schema.ModelT.InitFromObj(schema.Model.GetRootAs(model))
    for entry in parsed.metadata or []:
        if entry.name == b"CONVERSION_METADATA":
            content = bytes(parsed.buffers[entry.buffer].data)
            noted = metadata_schema.ConversionMetadata.GetRootAs(content)
            made = metadata_schema.ConversionMetadataT.InitFromObj(noted).environment.modelHash
            digest = int(made).to_bytes(8, "little")
            place = model.find(content)
            return model[:place] + content.replace(digest, bytes(8)) + model[place + len(content) :]
    return model
