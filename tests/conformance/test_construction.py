"""What every variant is before it is trained: its arguments, its networks, its players."""

import inspect
from typing import Any

import numpy as np
import pytest

from tfi2i.errors import WeightsError
from tfi2i.training.run.start import begin_from
from tfi2i.zoo.catalogue import find_variant, variants
from tiny_models import TINY, tiny_model
from tiny_trainings import augmented

everyone = pytest.mark.parametrize("name", TINY, indirect=True)


def test_every_variant_is_tested():
    assert set(TINY) == {variant.name for variant in variants()}


def test_variants_without_a_discriminator_that_sees_images_augment_none():
    without = {name for name in TINY if not augmented(name)}
    # VAEs and AAEs show no images to a discriminator. Those of BiGAN and VAE-GAN see images that
    # belong to a latent or to a reconstruction, beside which an augmented one would be another.
    assert without == {"adain", "fast_style", "gatys", "vae", "aae", "bigan", "vaegan"}


@everyone
def test_config_is_the_constructor_arguments(name, untrained):
    model = untrained
    assert model.get_config().items() >= {**TINY[name][0], "seed": 7}.items()
    again = type(model)(**model.get_config())
    assert again.get_config() == model.get_config()
    shapes = {k: tuple(v.shape) for k, v in model.network_state().items()}
    assert {k: tuple(v.shape) for k, v in again.network_state().items()} == shapes


@everyone
def test_what_is_left_open_is_noted_with_the_value_it_got(name):
    """With it images of another size have the same networks, if they take them."""
    arguments = inspect.signature(find_variant(name).load_class()).parameters.values()
    left_open = {one.name: None for one in arguments if one.default is None}
    if not left_open:
        return
    model = tiny_model(name, **left_open)
    # What only a network has that was not chosen gets no value.
    unused = {"resnet": "depth", "unet": "blocks"}.get(model.get_config().get("network", ""))
    assert None not in [model.get_config()[key] for key in left_open if key != unused]
    noted = type(model)(**model.get_config())
    assert {k: v.shape for k, v in noted.network_state().items()} == {
        k: v.shape for k, v in model.network_state().items()
    }


@everyone
def test_each_player_learns_at_its_own_rate(name):
    model = tiny_model(name)
    parameters = inspect.signature(model.make_players).parameters
    names = [parameter for parameter in parameters if parameter.endswith("learning_rate")]
    rates: dict[str, Any] = {rate: 1e-3 * (1 + place) for place, rate in enumerate(names)}
    memory = next(
        one for one in ("beta_1", "momentum", "decay") if any(p.endswith(one) for p in parameters)
    )
    for one in parameters:
        if one.endswith(memory) and one != "ema_decay":
            rates[one] = 0.3
    model.compile(**rates)
    for role, player in model.players.items():
        owner = "learning_rate" if role == "canvas" else f"{role}_learning_rate"
        assert player.learning_rate == pytest.approx(rates[owner.removeprefix("random_")]), role
        assert getattr(player.optimizer, "rho" if memory == "decay" else memory) == 0.3


@everyone
def test_save_and_load(name, untrained, tmp_path):
    model = untrained
    model.save(tmp_path / "saved")
    again = type(model).load(tmp_path / "saved")
    one, two = model.network_state(), again.network_state()
    assert all(np.array_equal(one[key].numpy(), two[key].numpy()) for key in one)

    beginner = tiny_model(name, seed=1)
    beginner.compile()
    start = begin_from(beginner, str(tmp_path / "saved"))
    assert start.facts["taken"] == [network.name for network in model.networks]
    for network, taken in zip(model.networks, beginner.networks, strict=True):
        for old, new in zip(network.weights, taken.weights, strict=True):
            if old.dtype == "float32":
                assert np.array_equal(old.numpy(), new.numpy()), old.path

    weights = tmp_path / "saved" / "weights.npz"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(WeightsError, match="SHA-256"):
        type(model).load(tmp_path / "saved")
    with pytest.raises(WeightsError, match="no preset is called"):
        type(model).from_preset("none-of-this-name")
