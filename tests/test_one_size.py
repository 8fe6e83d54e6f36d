"""Views of encoders, which take images of one size: translated and shipped, whatever their size."""

import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfi2i.cli import main
from tfi2i.data import read_image, write_image
from tfi2i.errors import DataError, ExportError
from tfi2i.export import read_metadata
from tfi2i.export.runtime import LiteRTRunner
from tfi2i.export.shipping import Wanted, ship
from tfi2i.inference.translate import translate_image
from tfi2i.zoo.generation.vae import VAE
from tfi2i.zoo.translating import translator_of

HEIGHT, WIDTH = SIZE = (16, 24)


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A few smooth blots in colour."""
    blots = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(blots).resize((width, height), Image.Resampling.BICUBIC))


@pytest.fixture(scope="module")
def model() -> VAE:
    made = VAE(crop_size=SIZE, depth=3, filters=4, encoder_filters=4, latent_length=6)
    draw = np.random.default_rng(0)
    for network in (made.encoder, made.generator):  # images with contrast
        for variable in network.trainable_variables:
            variable.assign(draw.normal(0.0, 0.3, variable.shape).astype(np.float32))
    return made


@pytest.fixture(scope="module")
def shipped(model, tmp_path_factory):
    from tfi2i.export.drawing_shipping import ship_drawing

    folder = tmp_path_factory.mktemp("shipped")
    formats = ("saved_model", "litert")
    wanted = Wanted(formats, size=SIZE, metadata={}, precision="float32")
    images = {"reconstruct": np.stack([picture(*SIZE, seed) for seed in range(3)])}
    return folder, ship_drawing(model, folder, wanted, images)


def by_hand(model: VAE, image: np.ndarray) -> np.ndarray:
    """Resized by Pillow to what the encoder takes, and back."""
    fitting = Image.fromarray(image).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
    copy = model.reconstruct(np.asarray(fitting)[None])[0]
    back = (image.shape[1], image.shape[0])
    return np.asarray(Image.fromarray(copy).resize(back, Image.Resampling.BICUBIC))


def test_an_image_of_any_size_is_resized_and_brought_back(model):
    translating = translator_of(model)
    assert list(translating.translators) == ["reconstruct"]
    for size in ((16, 24), (40, 40), (9, 5)):
        image = picture(*size)
        expected = by_hand(model, image)
        for scale in ("trained", "fit", 1):
            np.testing.assert_allclose(translating.translate(image, scale=scale), expected, atol=1)
        batch = translating.translate_batch(image[None], direction="reconstruct")
        np.testing.assert_allclose(batch[0], expected, atol=1)
    assert by_hand(model, picture(40, 40)).std() > 5


def test_there_is_no_scale_and_no_tile_to_choose(model):
    with pytest.raises(DataError, match=r"scale=0\.5 has no meaning .*16x24 px alone"):
        model.translate(picture(40, 40), scale=0.5)
    with pytest.raises(DataError, match="leave the tile and the scale out"):
        model.translate(picture(40, 40), tile=16)
    with pytest.raises(DataError, match="leave the tile and the scale out"):
        translate_image(model.translator(), picture(40, 40), scale=2.0)
    with pytest.raises(DataError, match="translates reconstruct, not 'a2b'"):
        model.translate(picture(40, 40), direction="a2b")


def test_both_views_ship_with_one_report(shipped, model):
    folder, reports = shipped
    assert list(reports) == ["sample", "reconstruct"]
    noted = json.loads((folder / "parity.json").read_text())
    assert {f"vae-{name}": report for name, report in reports.items()} == noted
    served, phone = reports["reconstruct"]["artefacts"]
    assert [one["size"] for one in served["sizes"]] == [[16, 24], [256, 256], [300, 401]]
    assert [one["size"] for one in phone["sizes"]] == [[16, 24]] and phone["max_abs"] < 1e-3
    assert "resizes images to 16x24 px" in " ".join(reports["reconstruct"]["notes"])


def test_served_copies_are_those_of_translate(shipped, model):
    folder, _ = shipped
    version = folder / "saved_model" / "vae-reconstruct" / "1"
    facts = read_metadata(version)["export"]
    assert facts["image_size"] == [16, 24] and facts["size_multiple"] == 1
    signatures = tf.saved_model.load(str(version)).signatures
    for size in ((16, 24), (40, 40), (300, 7)):
        image = picture(*size)
        expected = model.translate(image).astype(int)
        images = tf.constant(image[None], tf.float32)
        answer = signatures["serving_default"](images=images)["images"].numpy()[0]
        assert np.abs(answer - expected).max() <= 1.5
        sent = tf.constant([tf.io.encode_png(image).numpy()])
        png = signatures["serving_bytes"](encoded=sent)["png_bytes"].numpy()[0]
        assert np.abs(tf.io.decode_png(png).numpy().astype(int) - expected).max() <= 1
    run = LiteRTRunner((folder / "vae-reconstruct-float32.tflite").read_bytes())
    image = picture(*SIZE)
    copy = (run(image[None].astype(np.float32) / 127.5 - 1.0)[0] + 1.0) * 127.5
    np.testing.assert_allclose(copy, model.reconstruct(image[None])[0], atol=1.0)


def test_a_phone_takes_the_one_size(model, tmp_path):
    images = {"reconstruct": picture(32, 32)[None]}
    wanted = Wanted(("litert",), size=32, metadata={})
    with pytest.raises(ExportError, match=r"of 32 px do not suit .*16x24 px alone"):
        ship(model, tmp_path / "out", images, wanted)
    assert not (tmp_path / "out").exists()


def test_the_commands_know_the_view(tmp_path, capsys):
    def tfi2i(*arguments: object) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(one) for one in arguments])
        shown = capsys.readouterr()
        return int(ended.value.code or 0), shown.out + shown.err

    preset, photo = ("--preset", "vae-digits-32"), tmp_path / "wide.png"
    write_image(photo, picture(30, 60))
    code, said = tfi2i("translate", *preset, photo, "--out", tmp_path / "copies")
    assert code == 0 and "resized to 32 px, which the model takes" in said
    # Grey, as the digits are.
    assert read_image(tmp_path / "copies" / "wide.png", channels=1).shape == (30, 60, 1)
    code, said = tfi2i("translate", *preset, photo, "--out", tmp_path / "x", "--scale", "0.5")
    assert code == 2 and "has no meaning for vae" in said and not (tmp_path / "x").exists()
    out = ("--out", tmp_path / "shipped")
    code, said = tfi2i("export", *preset, *out, "--direction", "b2a")
    assert code == 2 and "vae has sample and reconstruct to export, not 'b2a'" in said
    only = ("--direction", "reconstruct", "--formats", "litert", "--images", photo)
    code, said = tfi2i("export", *preset, *out, *only)
    assert code == 0 and "vae-reconstruct-float32.tflite" in said
    assert [*json.loads((tmp_path / "shipped" / "parity.json").read_text())] == ["vae-reconstruct"]
    code, said = tfi2i("export", *preset, *out, "--direction", "sample", "--images", photo)
    assert code == 2 and "--images has no meaning" in said
