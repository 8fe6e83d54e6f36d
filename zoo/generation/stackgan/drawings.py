"""What the stages of a StackGAN draw: networks put together, without weights of their own."""

from collections.abc import Mapping

import keras

from tfi2i.layers import DrawVector, VectorPart


def stage_drawings(
    stages: Mapping[str, tuple[keras.Model, keras.Model]], latent_length: int
) -> dict[str, keras.Model]:
    """Puts each stage's networks together: from latents and captions to its images.

    The latent is z and a draw for each stage's condition, one behind the other.

    Args:
        stages: Name to the network that gives the moments of a condition and the generator: Stage
            I, and perhaps Stage II, which enlarges what Stage I drew.
        latent_length: Components of the latent.

    Returns:
        Stage I: [latents, captions] -> [images, mean, log_variance]; Stage II has Stage I's images
        before both. These have no weights but those of the networks.
    """
    (_, embedding_length), *_ = (moments.input_shape for moments, _ in stages.values())
    latents = keras.Input((latent_length,), name="latents")
    captions = keras.Input((embedding_length,), name="captions")
    lengths = [moments.output_shape[0][-1] for moments, _ in stages.values()]
    noise_length = latent_length - sum(lengths)
    drawings: dict[str, keras.Model] = {}
    sketch: keras.Model | None = None
    for number, (stage, (moments, generator)) in enumerate(stages.items()):
        mean, log_variance = moments(captions)
        start = noise_length + sum(lengths[:number])
        draw = VectorPart(start, lengths[number], name=f"{stage}_draw")(latents)
        condition = DrawVector(name=f"{stage}_condition", dtype="float32")(
            [mean, log_variance, draw]
        )
        if sketch is None:
            given, first = [], VectorPart(0, noise_length, name="noise")(latents)
        else:
            first = keras.Input(sketch.output_shape[1:], name="sketch")
            given = [first]
        images = generator([first, condition])
        drawings[stage] = keras.Model(
            [*given, latents, captions], [images, mean, log_variance], name=stage
        )
        sketch = generator
    return drawings
