"""What every variant's generators are good for: files that ship, half precision, presets."""

import numpy as np
import pytest

from tfi2i.data import evaluation_arrays, open_source
from tfi2i.image_sizes import height_and_width
from tfi2i.inference.steps import laid_open
from tfi2i.zoo.catalogue import find_variant, load
from tiny_models import DRAWS, SIZE, TINY, TRANSLATES, channels_of, tiny_model

everyone = pytest.mark.parametrize("name", TINY, indirect=True)
translators = pytest.mark.parametrize("name", TRANSLATES, indirect=True)


@translators
def test_ships_and_agrees_with_keras(name, folder, tmp_path):
    """`export_litert` and `saved_model_entry` raise where an answer does not agree."""
    from tfi2i.export import export_litert, export_saved_model
    from tfi2i.export.beside_keras import saved_model_entry
    from tfi2i.export.opened import Opened
    from tfi2i.export.references import References
    from tfi2i.export.runtime import inspect_litert

    model = tiny_model(name)
    source = open_source(folder, kind=model.batch_kind, channels=channels_of(name))
    images, _, _ = evaluation_arrays(source, size=SIZE)
    for view in model.open_views:  # One file for all domains, latents or styles.
        opened = Opened.of(model, view)
        assert opened is not None
        saved = export_saved_model(opened, tmp_path / f"open-{view}", metadata={})
        entry = saved_model_entry(saved, References.of(model.translator(), images), opened=opened)
        assert len(entry["beside_images"]) >= 2
    for direction, generator in model.translators.items():
        place = tmp_path / f"{direction}.tflite"
        lite = export_litert(generator, place, image_size=(SIZE, SIZE), images=images)
        # The graph that converters take too: most of them know no control flow.
        assert not {"IF", "WHILE"} & {*inspect_litert(lite.read_bytes()).operators}
        if not model.open_views:  # The open view's has been compared for every direction.
            saved = export_saved_model(generator, tmp_path / direction, metadata={})
            saved_model_entry(saved, References.of(generator, images))


@translators
def test_its_generators_compute_in_bfloat16_for_inference(name, folder):
    from tfi2i.export.agreement import agreement, keras_outputs
    from tfi2i.export.generator import inference_generator

    model = tiny_model(name)
    source = open_source(folder, kind=model.batch_kind, channels=channels_of(name))
    images = evaluation_arrays(source, size=SIZE)[0][:1]
    for generator in model.translators.values():
        full, half = (inference_generator(generator, p) for p in ("float32", "bfloat16"))
        found = agreement(keras_outputs(full, images), keras_outputs(half, images))
        assert 0 < found.max_abs and found.psnr_db is not None and found.psnr_db > 25


@pytest.mark.parametrize("name", DRAWS, indirect=True)
def test_draws_the_same_when_shipped(name, tmp_path):
    """Every view; `ship_drawing` raises where a file does not agree with Keras."""
    from tfi2i.export.drawing_shipping import ship_drawing
    from tfi2i.export.runtime import inspect_litert
    from tfi2i.export.shipping import Wanted

    model = tiny_model(name)
    wanted = Wanted(formats=("saved_model", "litert"), size=SIZE, metadata={}, precision="float32")
    shape = (1, SIZE, SIZE, model.channels)
    seen = [view for view, one in model.views.items() if one.takes == ("images",)]
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    reports = ship_drawing(model, tmp_path / "shipped", wanted, dict.fromkeys(seen, image))
    assert [*reports] == ["sample", *seen]
    assert all(len(report["artefacts"]) == 2 for report in reports.values())
    for lite in (tmp_path / "shipped").glob("*.tflite"):
        assert not {"IF", "WHILE"} & {*inspect_litert(lite.read_bytes()).operators}


@everyone
def test_presets_load_and_are_what_their_facts_say(name):
    variant = find_variant(name)
    for preset in variant.presets:
        place = variant.folder / "weights" / preset
        assert (place / "weights.npz").stat().st_size <= 2 * 2**20
        model = load(place)  # checks the SHA-256
        if name in DRAWS:
            assert model.sample(2).shape == (2, *height_and_width(model.crop_size), model.channels)
            continue
        image = np.zeros((70, 50, channels_of(name)), np.uint8)
        assert model.translate(image).shape == image.shape
        for generator in model.translators.values():
            laid_open(generator)  # Large images go by strips.
