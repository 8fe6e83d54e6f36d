"""Pictures that a page's files are compared on, and what its user gives beside each of them."""

from dataclasses import dataclass, replace
from typing import Any, cast

import keras
import numpy as np

from tfi2i.data.decode.resizing import resize_image
from tfi2i.export.opened import Bound, Opened, inference_generators
from tfi2i.export.references import References
from tfi2i.export.scale import outputs_at_scale
from tfi2i.export.shipping import OTHER_SIZES
from tfi2i.export.web.files import Given
from tfi2i.zoo.translating import Translating

# Multiples of what a network takes by which styles are larger than a file's pictures: more than
# those by which the numbers of other sizes are found.
_BEYOND = 5


@dataclass(frozen=True)
class Asked:
    """What a view of a page is asked, and what Keras answers.

    Attributes:
        model: What the view's files compute.
        references: The pictures, and Keras' answers.
        shapes: Name to shape of what files take beside pictures; empty for nothing.
        given: For each picture what is beside it, as files take it.
        facts: What a page has to know of it; None for nothing.
    """

    model: keras.Model
    references: References
    shapes: dict[str, tuple[int, ...]]
    given: list[Given]
    facts: dict[str, Any] | None = None

    @classmethod
    def alone(cls, references: References) -> "Asked":
        """Pictures alone."""
        nothing: list[Given] = [{} for _ in references.images]
        return cls(references.generator.model, references, {}, nothing)

    @classmethod
    def beside(
        cls, opened: Opened, model: Translating, pictures: np.ndarray, size: tuple[int, int]
    ) -> "Asked":
        """Pictures with domains, latents or styles, every one of which is asked for at least once.

        Args:
            opened: A translator of the model.
            model: Gives the value ranges.
            pictures: Pixels (N, H, W, C).
            size: Height and width in pixels of the files' pictures. Styles have one size whatever
                that of pictures, a little more than this.
        """
        condition = opened.condition
        # Of equal sizes a file would have numbers that both need, and not know which to change.
        height, width = (side + _BEYOND * opened.network.size_multiple for side in size)
        values = _values(opened, pictures, (height, width))
        count = max(len(pictures), len(values))
        # Shifted after each round, so that pictures at any distance have different ones.
        order = [(place + place // len(values)) % len(values) for place in range(count)]
        asked = [values[place] for place in order]
        alone = next(iter(model.translators))
        generator = inference_generators(opened, value_ranges=model.ranges_of(alone))[-1]
        bound = [
            replace(generator, model=cast("keras.Model", Bound(opened, one)), condition=None)
            for one in values
        ]
        images = pictures[np.arange(count) % len(pictures)]
        outputs = [
            outputs_at_scale(bound[value], images[place, np.newaxis], 1.0)[0]
            for place, value in enumerate(order)
        ]
        resized = [resize_image(images[0], *other)[np.newaxis] for other in OTHER_SIZES]
        others = [(image, outputs_at_scale(bound[0], image, 1.0)) for image in resized]
        references = References(bound[0], images, outputs, others)
        name, facts = condition.kind, {"kind": condition.kind, "length": condition.length}
        if name == "domain":
            facts["names"] = list(condition.names)
        elif name == "style":
            facts["size"] = [height, width]
        given: list[Given] = [
            {name: np.asarray(condition.as_input(one), np.float32)} for one in asked
        ]
        return cls(generator.model, references, {name: given[0][name].shape}, given, facts)


def _values(opened: Opened, pictures: np.ndarray, size: tuple[int, int]) -> list[np.ndarray]:
    """What a page's user could give, in the form of a server's clients."""
    examples = opened.examples(pictures)
    if opened.condition.kind == "style":
        pixels = [resize_image(one.astype(np.uint8), *size) for one in examples]
        return [one.astype(np.float32) for one in pixels]
    if opened.answers_alone:  # At the mean, where a page begins.
        examples.append(np.zeros_like(examples[0]))
    return examples
