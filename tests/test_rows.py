"""Pictures by rows: large ones are read, translated, resized and written as small ones are."""

import io
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from tfi2i.data import EIGHT_BITS, ValueRange, read_image, read_pixels, resize_image, write_pixels
from tfi2i.data.decode import rows as by_rows
from tfi2i.data.decode.resizing import resized_rows
from tfi2i.data.decode.rows import KeptRows, MirroredRows, RowStore
from tfi2i.errors import DataError
from tfi2i.inference import translate
from tfi2i.inference.files import translate_files
from tfi2i.inference.translate import translate_image
from tfi2i.networks import unet

SIXTEEN = ValueRange("uint16", 0, 65535)
FLOATS = ValueRange("float32", 0, 1)


@pytest.fixture
def all_is_large(monkeypatch):
    """Every picture is kept in a file and goes by in blocks of a few rows."""
    monkeypatch.setattr(by_rows, "MOST_BYTES_IN_MEMORY", 0)
    monkeypatch.setattr(by_rows, "_BLOCK_BYTES", 1500)
    monkeypatch.setattr(translate, "MOST_PIXELS_AT_ONCE", 500)


def noise(height=41, width=30, channels=3, dtype="uint8"):
    draw = np.random.default_rng(0)
    if dtype == "float32":
        return draw.random((height, width, channels), np.float32)
    return draw.integers(0, np.iinfo(dtype).max, (height, width, channels)).astype(dtype)


def kept(pixels):
    rows = KeptRows(pixels.shape, pixels.dtype)
    rows[:] = pixels
    return rows


# --- in ---


def turned(path):
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(noise()).save(path, exif=exif)


def half_transparent(path):
    Image.fromarray(noise(channels=4), "RGBA").save(path)


def palette_with_a_key(path):
    image = Image.fromarray(noise()).quantize(16)
    image.save(path, transparency=3)


PICTURES = {
    "turned.jpg": turned,
    "alpha.png": half_transparent,
    "palette.png": palette_with_a_key,
    "ink.jpg": lambda path: Image.fromarray(noise(channels=4), "CMYK").save(path),
    "grey.png": lambda path: Image.fromarray(noise(channels=1)[..., 0]).save(path),
    "deep.png": lambda path: write_pixels(path, noise(channels=1, dtype="uint16")),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_read_alike(name, tmp_path, all_is_large, monkeypatch):
    path = tmp_path / name
    PICTURES[name](path)
    with RowStore() as store:
        found = read_image(path, room=store.room)
        assert isinstance(found, KeptRows)
        monkeypatch.setattr(by_rows, "_BLOCK_BYTES", 1 << 20)
        np.testing.assert_array_equal(found[:], read_image(path))


def deep_files(folder):
    """Name -> the numbers in it."""
    import tifffile

    deep, floats = noise(dtype="uint16"), noise(channels=5, dtype="float32")
    np.save(folder / "deep.npy", deep)
    np.save(folder / "by_columns.npy", np.asfortranarray(deep))
    np.save(folder / "big_endian.npy", deep.astype(">u2"))
    np.save(folder / "many.npy", floats)
    for name, options in {
        "strips": {"rowsperstrip": 7},
        "deflated": {"rowsperstrip": 7, "compression": "zlib", "predictor": True},
        "tiles": {"tile": (16, 16)},
        "planes": {"planarconfig": "separate", "rowsperstrip": 7},
        "one_strip": {},
    }.items():
        pixels = np.moveaxis(deep, -1, 0) if name == "planes" else deep
        tifffile.imwrite(folder / f"{name}.tif", pixels, photometric="rgb", **options)
    tifffile.imwrite(folder / "many.tif", floats, planarconfig="contig", tile=(16, 32))
    write_pixels(folder / "deep.png", deep)
    return {path.name: floats if "many" in path.name else deep for path in folder.iterdir()}


def test_deep_files_are_read_alike(tmp_path, all_is_large):
    for name, pixels in deep_files(tmp_path).items():
        channels, values = pixels.shape[-1], FLOATS if "many" in name else SIXTEEN
        with RowStore() as store:
            found = read_pixels(
                tmp_path / name, channels=channels, value_range=values, room=store.room
            )
            np.testing.assert_array_equal(found[:], pixels, err_msg=name)
            if channels == 3:
                grey = read_pixels(tmp_path / name, channels=1, value_range=values, room=store.room)
                luma = pixels @ np.array([0.299, 0.587, 0.114])
                np.testing.assert_allclose(grey[:][..., 0], luma, atol=1, err_msg=name)


def test_values_that_are_not_finite_are_counted_over_all_blocks(tmp_path, all_is_large):
    broken = noise(dtype="float32")
    broken[0, 0], broken[-1, -1, 0] = np.nan, np.inf
    np.save(tmp_path / "a.npy", broken)
    with RowStore() as store, pytest.raises(DataError, match=r"a\.npy has 4 values that are not"):
        read_pixels(tmp_path / "a.npy", value_range=FLOATS, room=store.room)


# --- out ---


@pytest.mark.parametrize(
    ("name", "channels", "dtype"),
    [
        ("a.png", 3, "uint8"),
        ("a.png", 1, "uint8"),
        ("a.png", 3, "uint16"),
        ("a.png", 1, "uint16"),
        ("a.png", 4, "uint16"),
        ("a.npy", 3, "uint8"),
        ("a.npy", 2, "float32"),
        ("a.tif", 3, "uint16"),
        ("a.tif", 1, "float32"),
        ("a.tif", 5, "float32"),
    ],
)
def test_what_is_written_is_read_again(name, channels, dtype, tmp_path, all_is_large):
    pixels = noise(channels=channels, dtype=dtype)
    write_pixels(tmp_path / name, kept(pixels))
    values = {"uint8": EIGHT_BITS, "uint16": SIXTEEN, "float32": FLOATS}[dtype]
    found = read_pixels(tmp_path / name, channels=channels, value_range=values)
    np.testing.assert_array_equal(found, pixels)


def test_a_png_is_what_other_decoders_read(tmp_path, all_is_large):
    """Pillow's and TensorFlow's, of noise and of a smooth picture, which filters make small."""
    import tensorflow as tf

    smooth = np.add.outer(np.arange(41), np.arange(30))[..., None] * np.array([1, 2, 3])
    for pixels in (noise(), smooth.astype(np.uint8), smooth.astype(np.uint16) * 300):
        write_pixels(tmp_path / "a.png", kept(pixels), tags={"dpi": (150, 150)})
        content = (tmp_path / "a.png").read_bytes()
        decoded = tf.io.decode_png(content, channels=3, dtype=pixels.dtype)
        np.testing.assert_array_equal(decoded, pixels)
        with Image.open(io.BytesIO(content)) as image:
            assert image.info["dpi"] == pytest.approx((150, 150), abs=0.1)
            if pixels.dtype == np.uint8:
                np.testing.assert_array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize("suffix", [".jpg", ".webp"])
def test_whole_encoders_get_the_same_picture(suffix, tmp_path, all_is_large):
    pixels = noise()
    write_pixels(tmp_path / f"array{suffix}", pixels)
    write_pixels(tmp_path / f"rows{suffix}", kept(pixels))
    contents = [(tmp_path / f"{name}{suffix}").read_bytes() for name in ("array", "rows")]
    assert contents[0] == contents[1]


# --- between ---


@pytest.mark.parametrize("size", [(20, 17), (90, 77), (41, 60), (13, 30)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_rows_are_resized_as_the_whole_is(size, dtype):
    # Where nothing is clipped: Pillow clips after the first axis, and may begin with either.
    pixels = (noise() // 2 + 64).astype(dtype)
    whole, rows = resize_image(pixels, *size), resized_rows(kept(pixels), *size)
    parts = [rows[first : first + 5] for first in range(0, size[0], 5)]
    assert rows.shape == whole.shape
    np.testing.assert_allclose(
        np.concatenate(parts).astype(int), whole, atol=2 if dtype == "uint8" else 1
    )


@pytest.mark.parametrize("shape", [(41, 30), (1, 3), (2, 30)])
def test_rows_are_mirrored_as_numpy_does(shape):
    pixels = noise(*shape)
    beyond = [(0, 48 - shape[0]), (0, 32 - shape[1]), (0, 0)]
    expected = np.pad(pixels, beyond, mode="reflect")
    rows = MirroredRows(kept(pixels), 48, 32)
    for first in range(0, 48, 7):
        np.testing.assert_array_equal(rows[first : first + 7], expected[first : first + 7])


def test_files_of_large_pictures_hold_what_arrays_give(tmp_path, all_is_large):
    keras.utils.set_random_seed(0)
    generator = unet(depth=2, filters=4, norm="instance", dropout=0)
    for variable in generator.trainable_variables:
        variable.assign(4 * variable)
    pixels = noise(61, 30)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    ways: list[dict[str, Any]] = [{}, {"scale": 0.5}, {"tile": 16}]
    for place, options in enumerate(ways):
        expected = translate_image(generator, pixels, **options)
        (path,) = translate_files(
            generator, [tmp_path / "a.png"], tmp_path / str(place), progress=False, **options
        )
        np.testing.assert_allclose(read_image(path).astype(int), expected, atol=1)
        assert np.ptp(expected) > 20
    (path,) = translate_files(
        generator, [tmp_path / "a.png"], tmp_path / "half", side="right", progress=False
    )
    expected = translate_image(generator, np.ascontiguousarray(pixels[:, 15:]))
    np.testing.assert_allclose(read_image(path).astype(int), expected, atol=1)


def test_files_of_rows_are_gone_after_an_error(tmp_path, all_is_large, monkeypatch):
    monkeypatch.setattr(by_rows.tempfile, "tempdir", str(tmp_path))
    with pytest.raises(RuntimeError), RowStore() as store:
        rows = store.room((4, 4, 3), np.uint8)
        raise RuntimeError
    with pytest.raises(ValueError):
        rows[0:1]
    assert list(tmp_path.iterdir()) == []


def test_attention_over_many_places_is_said_before(tmp_path, monkeypatch, capsys):
    """At a stride of 2 an image of 32x24 has 192 places, and a quarter as many keys."""
    from tfi2i.inference import one_file as files

    generator = unet(depth=2, filters=4, norm="instance", dropout=0, attention_at=(1,))
    assert translate.pairs_of_places(generator, 32 * 24) == 192 * 192 / 4
    assert translate.pairs_of_places(unet(depth=2, filters=4), 32 * 24) == 0
    Image.fromarray(noise(32, 24)).save(tmp_path / "a.png")
    monkeypatch.setattr(files, "_MOST_PAIRS_WITHOUT_A_WORD", 9000)
    translate_files(generator, [tmp_path / "a.png"], tmp_path / "1", progress=False)
    assert "a.png: this network's attention compares 9.2e+03 pairs" in capsys.readouterr().err
    ways: list[dict[str, Any]] = [{"tile": 16}, {"scale": 0.5}]
    for place, options in enumerate(ways):
        out = tmp_path / f"other{place}"
        translate_files(generator, [tmp_path / "a.png"], out, progress=False, **options)
        assert "attention" not in capsys.readouterr().err
