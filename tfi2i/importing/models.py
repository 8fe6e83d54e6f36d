"""A model of the zoo from networks that others trained."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import keras

from tfi2i.errors import WeightsError
from tfi2i.image_sizes import Size, as_size
from tfi2i.importing.parts import Part
from tfi2i.training.files.arrays import assign_arrays
from tfi2i.training.files.model_facts import build_model
from tfi2i.zoo.catalogue import find_variant
from tfi2i.zoo.translation import TranslationGAN

Variant = Literal["pix2pix", "cyclegan"]
# The networks of each variant, by what their files are called there. D_A judges what G_A makes,
# which is of domain B.
_NETWORKS: dict[Variant, dict[str, str]] = {
    "pix2pix": {"G": "generator", "D": "discriminator"},
    "cyclegan": {
        "G_A": "generator_ab",
        "G_B": "generator_ba",
        "D_A": "discriminator_b",
        "D_B": "discriminator_a",
    },
}


def model_of(
    parts: Sequence[Part], variant: Variant, *, size: Size | None, evaluating: bool
) -> tuple[TranslationGAN, list[str]]:
    """Builds the model and fills its networks; those that no part has are left as they start.

    Args:
        parts: The networks. A single generator is that from `a` to `b`, whatever its role.
        variant: Of the zoo.
        size: Side of the training images; None takes the one that the papers have for the network.
        evaluating: Whether batch norms use the averages of training, else each image's own
            statistics.

    Returns:
        The model and the names of the networks that were filled.

    Raises:
        WeightsError: The parts do not make up such a model, or an array does not fit.
    """
    places = _placed(parts, variant)
    names = _NETWORKS[variant]
    generators = [places[name] for role, name in names.items() if role[0] == "G" and name in places]
    judges = [places[name] for role, name in names.items() if role[0] == "D" and name in places]
    _check_alike(generators)
    _check_alike(judges)
    config = {"crop_size": as_size(size or _paper_size(generators[0])), **_generator(generators[0])}
    make = _pix2pix if variant == "pix2pix" else _cyclegan
    config |= make(generators[0], evaluating)
    if judges:
        config |= _judge(judges[0], config, variant)
    model_class = find_variant(variant).load_class()
    model = build_model(model_class, config, source=generators[0].path)
    assert isinstance(model, TranslationGAN)
    for name, part in places.items():
        _fill(model, name, part)
    model.do_without([one.name for one in model.shipped_networks if one.name not in places])
    return model, list(places)


def _placed(parts: Sequence[Part], variant: Variant) -> dict[str, Part]:
    """The parts by the names of our networks."""
    generators = [part for part in parts if part.role.startswith("G")]
    if not generators:
        raise WeightsError(f"{parts[0].path} is no generator: name the file of one, such as net_G")
    if variant == "pix2pix" and len(generators) > 1:
        raise WeightsError(
            f"{generators[1].path.name} is a second generator, and pix2pix has one: import them as "
            "cyclegan, or one of them as pix2pix"
        )
    places: dict[str, Part] = {}
    for part in parts:
        role = part.role
        if len(generators) == 1 and role.startswith("G"):
            role = next(iter(_NETWORKS[variant]))
        elif len(generators) == 1 and role[0] == "D":
            # Of a single generator that translates from B to A, the domains change their names.
            swapped = generators[0].role == "G_B" and role in ("D_A", "D_B")
            role = {"D_A": "D_B", "D_B": "D_A"}[role] if swapped else role
            role = role[0] if variant == "pix2pix" else role if "_" in role else "D_A"
        elif role in ("G", "D"):
            role = f"{role}_A"
        name = _NETWORKS[variant][role]
        if name in places:
            raise WeightsError(
                f"{part.path.name} and {places[name].path.name} are both the {name}: name one"
            )
        places[name] = part
    return places


def _check_alike(parts: Sequence[Part]) -> None:
    for other in parts[1:]:
        if other.form != parts[0].form:
            raise WeightsError(
                f"{parts[0].path.name} is a {parts[0].words}, and {other.path.name} a "
                f"{other.words}: networks of one training are alike"
            )


def _paper_size(generator: Part) -> int:
    """256 px for 8 levels or 9 blocks, 128 px for 7 or 6, and so on for other U-Nets."""
    depth, blocks = generator.size.get("depth"), generator.size.get("blocks", 0)
    return 2**depth if depth else 256 if blocks >= 9 else 128


def _generator(part: Part) -> dict[str, Any]:
    return {"network": part.network, "filters": part.filters, **part.size}


def _pix2pix(part: Part, evaluating: bool) -> dict[str, Any]:
    return {
        "input_channels": part.channels[0],
        "output_channels": part.channels[1],
        "norm": part.norm,
        "dropout_at_inference": False,
        "statistics_at_inference": "moving" if evaluating else "image",
    }


def _cyclegan(part: Part, evaluating: bool) -> dict[str, Any]:
    # Batch norm by an image's own statistics is instance norm; but the tutorial's has an epsilon of
    # its own.
    if part.norm == "batch" and (evaluating or part.network == "tutorial_unet"):
        raise WeightsError(
            f"{part.path.name} has batch norm, and our CycleGAN normalises each image by itself: "
            "import one generator with --as pix2pix"
        )
    channels = {"a_channels": part.channels[0], "b_channels": part.channels[1]}
    # Images of different channels cannot be compared with their own translations.
    return channels | ({} if len(set(part.channels)) == 1 else {"identity_weight": 0.0})


def _judge(part: Part, config: Mapping[str, Any], variant: Variant) -> dict[str, Any]:
    found = {"discriminator_filters": part.filters, **part.size}
    if variant == "pix2pix":
        pair = config["input_channels"] + config["output_channels"]
        seen = {pair: True, config["output_channels"]: False}
        if part.channels[0] not in seen:
            raise WeightsError(
                f"{part.path.name} sees {part.channels[0]} channels; beside this generator it is "
                f"{pair}, or {config['output_channels']} without the input"
            )
        found["conditional"] = seen[part.channels[0]]
    elif part.channels[0] not in (config["a_channels"], config["b_channels"]):
        raise WeightsError(
            f"{part.path.name} sees {part.channels[0]} channels, as pix2pix's discriminators do, "
            "which judge pairs: CycleGAN's judge images. Leave it out, or import as pix2pix"
        )
    return found


def _fill(model: TranslationGAN, name: str, part: Part) -> None:
    network: keras.Model = next(one for one in model.networks if one.name == name)
    arrays = {f"{name}/{key}": array for key, array in part.arrays_for(network).items()}
    state = model.network_state()
    assign_arrays({key: state[key] for key in arrays}, arrays, source=Path(part.path))
