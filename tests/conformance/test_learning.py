"""How every variant learns: on one device and two, in three precisions, stopped and resumed."""

import math

import keras
import numpy as np
import pytest

from gpu_kernels import graphs_of_iterations, missing_kernels, operations, switches
from tfi2i.data import evaluation_arrays, image_size
from tfi2i.evidence.card_picture import write_card_picture
from tfi2i.training.run.training import Training
from tfi2i.zoo.catalogue import find_variant, load
from tiny_models import DRAWS, OPTIMISATIONS, SIZE, TINY, tiny_model
from tiny_trainings import (
    UNDRAWN,
    arrays,
    augmented,
    fixed_batches,
    run_recipe,
    settings_of,
    train_three_iterations,
)

# What leaves the loss of TINY alone, where others pull against it.
ALONE = {
    "distancegan": {"one_sided": False, "cycle_weight": 10.0, "distance_weight": 0.0},
    "fast_style": {"style_weight": 0.0},
    "adain": {"style_weight": 10.0},
}
# Epochs of 10 iterations within which that loss has fallen, where nine are not enough.
LONGER = {"element_editing": 15}
# One for each way in which a player steps: Adam, RMSprop with clipped weights, Adam whose second
# decay has a schedule, and one player after the other by stages.
OPTIMIZERS = ("pix2pix", "wgan", "r3gan", "progressive_gan")
everyone = pytest.mark.parametrize("name", TINY, indirect=True)


@everyone
def test_a_run_trains_and_is_used_from_its_path_alone(name, whole_run, tmp_path):
    training, before, after = whole_run.training, whole_run.start, arrays(whole_run.training.model)
    assert training.finished
    assert after["iteration"] == 3 * training.steps_per_epoch
    # WGAN's clipped weights may stay at the limit.
    ends = ("gamma",) if name == "wgan" else ("kernel", "gamma", "pixels")
    trained = [k for k in before if k.endswith(ends) and "optimizer" not in k]
    assert trained
    # Attention's gate starts at zero, so what is behind it waits one step: allow none to stay.
    assert not [k for k in trained if np.array_equal(before[k], after[k])]
    lines = training.folder.metrics()
    assert lines[-1]["iteration"] == after["iteration"]
    assert all(np.isfinite(value) for line in lines for value in line.values())
    grids = sorted(p.stem for p in training.folder.samples.glob("*.png"))
    assert grids == [f"{i * training.steps_per_epoch:09d}" for i in (0, 1, 2, 3)]

    columns = write_card_picture(tmp_path / "card.png", {"an arm": training.folder})
    assert image_size(tmp_path / "card.png")[1] >= SIZE * len(columns.split(", "))
    if hasattr(training.model, "reconstruct"):
        assert columns.endswith("real, reconstructed by an arm")

    used = load(training.folder.path)
    if name in OPTIMISATIONS:
        painted = used.picture()
        wanted = training.model.picture()
        assert painted is not None and wanted is not None and np.array_equal(painted, wanted)
        return
    if name in DRAWS:
        assert np.array_equal(used.sample(5, seed=1), training.model.sample(5, seed=1))
        return
    a, _, _ = evaluation_arrays(training.source, size=SIZE)
    assert np.array_equal(used.translate_batch(a), training.model.translate_batch(a))
    assert used.translate(a[0]).shape == a[0].shape


@everyone
def test_what_discriminators_see_is_augmented(name, whole_run):
    model = whole_run.training.model
    if not augmented(name):
        return
    seeing = [p for p in model.players if "discriminator" in p or "critic" in p]
    networks = [network for player in seeing for network in model.players[player].networks]
    # The Siamese network of TraVeLGAN and the encoders of latents compare and describe images.
    assert networks and all(
        any(layer.name == "augmentation" for layer in network.layers) for network in networks
    )


@everyone
def test_an_interrupted_run_equals_one_that_never_stopped(name, folder, whole_run):
    """From what a kill within an epoch leaves; test_resume.py kills processes."""
    resumed = Training(
        run_recipe(name, folder), find_variant(name).load_class(), whole_run.broken_off
    )
    assert resumed.resumed_from is not None
    assert resumed.iteration == 4  # an epoch is 3 iterations: the 5th is done again
    resumed.fit(verbose=0)
    one, other = arrays(whole_run.training.model), arrays(resumed.model)
    assert one.keys() == other.keys()
    assert not [key for key in one if not np.array_equal(one[key], other[key])]

    def without_clock(folder):
        return [{**line, "images_per_second": 0} for line in folder.metrics()]

    assert without_clock(whole_run.training.folder)[-1] == without_clock(resumed.folder)[-1]


@everyone
def test_fits_on_an_ordinary_pipeline_with_a_short_last_batch(three_iterations):
    """Thirteen uint8 images in batches of four, and nothing that is not a number."""
    state = three_iterations.state
    assert state["iteration"] == 3
    assert not [key for key, value in state.items() if not np.isfinite(value).all()]


@everyone
@pytest.mark.usefixtures("as_traced")
def test_two_replicas_equal_one(name, folder, three_iterations, two_replicas):
    """The same global batches on one device and on two give the same weights.

    Rounding may turn a loss's slope where a difference lies near zero, on one processor or another,
    and then all that follows differs. Where the first grain has them differ, two other draws must
    both agree: a fault that is none of rounding would show again.
    """
    if _differing(name, three_iterations, two_replicas):
        for draw in (1, 2):
            assert not _differing(name, train_three_iterations(name, folder, draw), two_replicas)


def _differing(name, one, two_replicas) -> list[str]:
    with two_replicas.scope():
        model = tiny_model(name, **UNDRAWN.get(name, {}))
        for key, variable in model.network_state().items():
            variable.assign(one.start[key])
        model.compile(**settings_of(name))  # running averages begin at the weights
    model.fit(one.batches, epochs=1, verbose=0)
    two = arrays(model)
    assert one.state["iteration"] == two["iteration"] == 3
    # Adam divides by a root that is tiny in the first steps: rounding grows to 1e-4 there.
    return [k for k, v in one.state.items() if not np.allclose(two[k], v, atol=5e-4, rtol=1e-3)]


# One with a gradient of a gradient, nearest upsampling and draws. All others compile too; each
# takes ten to twenty seconds, and a GPU's kernel for each operation is asked for below. The image
# pool alone is compiled in test_training.py.
@pytest.mark.parametrize("name", ["siamese_translator"], indirect=True)
def test_the_iteration_compiles_with_xla(name, three_iterations):
    model = tiny_model(name)
    for key, variable in model.network_state().items():
        variable.assign(three_iterations.start[key])
    model.compile(jit_compile=True)
    losses = model.fit(three_iterations.batches, steps_per_epoch=1, verbose=0).history
    # The penalty's direction is noise, which XLA draws otherwise.
    for loss in losses.keys() - {"gradient_penalty", "discriminator_loss"}:
        expected = three_iterations.losses[0][loss]
        np.testing.assert_allclose(losses[loss][0], expected, rtol=1e-3, err_msg=loss)


@everyone
def test_a_gpu_has_a_kernel_for_every_operation_of_a_run_under_xla(whole_run):
    """In float32; test_trains_in_bfloat16 asks it of bfloat16, which has the fewer kernels."""
    assert whole_run.graphs
    for graph in whole_run.graphs:
        assert len(operations(graph)) > 20
        assert missing_kernels(graph) == []


@everyone
@pytest.mark.usefixtures("as_traced")
def test_trains_in_float16(name, folder):
    """Step by step, or as a graph, in which both branches of the loss scale are traced.

    The branches hold an optimizer's step and nothing else of a variant.
    """
    keras.config.set_dtype_policy("mixed_float16")
    model = tiny_model(name, **augmented(name))
    _trains_in("mixed_float16", model, folder, run_eagerly=name not in OPTIMIZERS)


@everyone
@pytest.mark.usefixtures("as_traced")
def test_trains_in_bfloat16(name, folder):
    """With a recipe's switches, also by operations for which a GPU has a kernel under XLA."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    model = tiny_model(name, **{**switches(name)[0], **augmented(name)})
    with graphs_of_iterations(model) as graphs:
        _trains_in("mixed_bfloat16", model, folder)
    (graph,) = graphs
    assert missing_kernels(graph) == []


def _trains_in(precision, model, folder, **options):
    assert model.dtype_policy.name == precision
    model.compile(**options)
    batches = fixed_batches(folder, model)
    logs = model.fit(batches, steps_per_epoch=2, verbose=0, shuffle=False).history
    assert all(np.isfinite(values).all() for values in logs.values())
    state = arrays(model)
    assert state["iteration"] == 2
    assert all(np.isfinite(value).all() for value in state.values())
    assert all(v.dtype == "float32" for k, v in model.state().items() if k.endswith("kernel"))


@pytest.mark.usefixtures("as_traced")
@pytest.mark.parametrize("name", [name for name, (_, loss) in TINY.items() if loss], indirect=True)
def test_overfits_four_images(name, three_iterations):
    """The model that has been trained for a moment goes on, much faster, on its first batch."""
    model, batches = three_iterations.model, three_iterations.first_batch_again_and_again
    if name in ALONE:
        model = tiny_model(name, **ALONE[name])
        model.compile()
    learner = next(one for one in ("generator", "canvas", "autoencoder") if one in model.players)
    model.players[learner].set_learning_rate(2e-3)
    watch, epochs = _UntilItFalls(TINY[name][1]), LONGER.get(name, 9)
    model.fit(batches, steps_per_epoch=10, epochs=epochs, verbose=0, callbacks=[watch])
    assert watch.has_fallen


class _UntilItFalls(keras.callbacks.Callback):
    """Ends a training when the mean of a loss over an epoch has fallen."""

    def __init__(self, loss: str):
        super().__init__()
        self.loss, self.first, self.has_fallen = loss, math.nan, False

    def on_epoch_end(self, epoch, logs=None):
        assert logs is not None
        self.first = logs[self.loss] if epoch == 0 else self.first
        self.has_fallen = self.model.stop_training = logs[self.loss] < 0.7 * self.first
