"""Files of 16 bits, of floats and of many channels: read, refused and written as they are."""

import struct
import sys
import zlib
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from deep_pictures import png
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tfi2i.data import (
    EIGHT_BITS,
    ValueRange,
    as_rgb,
    read_image,
    read_pixels,
    resize_image,
    to_float,
    to_uint8,
    write_pixels,
)
from tfi2i.data.decode.header import read_header
from tfi2i.data.decode.tags import read_tags
from tfi2i.data.decode.writing import suffixes_for
from tfi2i.errors import DataError, MissingExtraError

SIXTEEN = ValueRange("uint16", 0, 65535)
TWELVE = ValueRange("uint16", 0, 4095)
FLOATS = ValueRange("float32", -1000, 3000)


@pytest.fixture(scope="module")
def tifffile():
    return pytest.importorskip("tifffile", reason="of the extra tiff")


def deep(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).integers(0, 65536, shape).astype(np.uint16)


class TestValueRange:
    def test_every_value_of_16_bits_comes_back(self):
        values = np.arange(65536, dtype=np.uint16)
        floats = SIXTEEN.to_float(values)
        np.testing.assert_allclose(floats, values / 32767.5 - 1, atol=1e-7)
        np.testing.assert_array_equal(SIXTEEN.to_pixels(floats), values)
        np.testing.assert_array_equal(SIXTEEN.to_pixels(tf.constant(floats)).numpy(), values)
        np.testing.assert_allclose(SIXTEEN.to_float(tf.constant(values)), floats, atol=1e-7)

    def test_a_part_of_the_values_is_black_to_white_and_others_are_the_nearer_end(self):
        values = np.array([0, 819, 4095, 5000, 65535], np.uint16)
        np.testing.assert_allclose(TWELVE.to_float(values), [-1, -0.6, 1, 1, 1], atol=1e-6)
        np.testing.assert_array_equal(
            TWELVE.to_pixels(np.array([-1, -0.6, 1, 1.5])), [0, 819, 4095, 4095]
        )
        window = ValueRange("uint16", 1000, 3000)
        np.testing.assert_allclose(
            window.to_float(np.array([0, 1000, 2000, 3000], np.uint16)), [-1, -1, 0, 1], atol=1e-6
        )
        np.testing.assert_array_equal(window.to_pixels(np.array([-1.0, 0.25])), [1000, 2250])

    def test_floats(self):
        values = np.array([-1000, 0, 3000], np.float32)
        np.testing.assert_allclose(FLOATS.to_float(values), [-1, -0.5, 1], atol=1e-6)
        np.testing.assert_allclose(FLOATS.to_pixels(FLOATS.to_float(values)), values, atol=1e-3)
        assert FLOATS.to_pixels(np.zeros(1)).dtype == np.float32

    def test_eight_bits_are_what_they_were(self):
        values = np.arange(256, dtype=np.uint8)
        np.testing.assert_array_equal(EIGHT_BITS.to_float(values), to_float(values))
        floats = np.linspace(-1.2, 1.2, 999, dtype=np.float32)
        np.testing.assert_array_equal(EIGHT_BITS.to_pixels(floats), to_uint8(floats))
        assert EIGHT_BITS.levels(values) is values and EIGHT_BITS.to_uint8(values) is values

    def test_levels_keep_what_8_bits_cannot_hold(self):
        np.testing.assert_allclose(
            TWELVE.levels(np.array([0, 1, 4095], np.uint16)), [0, 255 / 4095, 255], atol=1e-4
        )
        assert TWELVE.to_uint8(np.array([0, 1, 4095], np.uint16)).tolist() == [0, 0, 255]

    @pytest.mark.parametrize(
        ("text", "dtype", "words"),
        [
            ("4095", "uint16", "write the value that is black"),
            ("0:x", "uint16", "such as 0:4095"),
            ("nan:1", "float32", "such as 0:4095"),
            ("1:2:3", "uint16", "such as 0:4095"),
            ("5:5", "uint16", "from low to high"),
            ("0:inf", "float32", "from low to high"),
            ("0:65536", "uint16", "16 bits: it is of whole numbers from 0 to 65535"),
            ("-1:100", "uint16", "whole numbers"),
            ("0:0.5", "uint16", "whole numbers"),
            ("0:4095", "uint8", "8 bits"),
            ("0:1", "int16", "not int16"),
        ],
    )
    def test_impossible_ranges(self, text, dtype, words):
        with pytest.raises(DataError, match=words):
            ValueRange.stated(text, dtype)

    def test_stated_and_noted(self):
        assert ValueRange.stated(" 0:4095 ", "uint16") == TWELVE
        assert ValueRange.stated("0:255", "uint8") == EIGHT_BITS
        assert ValueRange.stated("-1000:3e3", "float32") == FLOATS
        assert ValueRange.from_facts(TWELVE.to_facts()) == TWELVE

    def test_pictures_of_any_form_are_shown(self):
        grey, many = deep(2, 4, 5, 1), deep(2, 4, 5, 5)
        shown = as_rgb(grey, SIXTEEN)
        np.testing.assert_array_equal(shown, np.repeat(np.rint(grey / 257), 3, axis=-1))
        assert shown.dtype == np.uint8
        np.testing.assert_array_equal(as_rgb(many, SIXTEEN), np.rint(many / 257)[..., :3])
        two = np.array([[[10, 20]]], np.uint8)
        assert as_rgb(two).tolist() == [[[10, 20, 0]]]


class TestPng:
    def test_colours_keep_16_bits(self):
        pixels = deep(5, 7, 3)
        read = read_pixels(png(pixels, 2), value_range=SIXTEEN)
        np.testing.assert_array_equal(read, pixels)
        # What reads 8 bits still keeps the upper ones.
        np.testing.assert_array_equal(read_image(png(pixels, 2)), pixels >> 8)

    def test_grey_and_colour_become_each_other(self):
        grey, colour = deep(5, 7, 1), deep(5, 7, 3)
        np.testing.assert_array_equal(
            read_pixels(png(grey, 0), value_range=SIXTEEN), np.repeat(grey, 3, axis=-1)
        )
        luma = (colour @ np.array([0.299, 0.587, 0.114]))[..., None]
        read = read_pixels(png(colour, 2), channels=1, value_range=SIXTEEN)
        np.testing.assert_allclose(read, luma, atol=1.0)

    @pytest.mark.parametrize(("channels", "colour_type"), [(1, 4), (3, 6)])
    def test_alpha_is_laid_over_the_white_of_the_range(self, channels, colour_type):
        pixels = np.minimum(deep(5, 7, channels + 1), 4095)
        pixels[..., -1] = deep(5, 7)
        pixels[0, 0, -1], pixels[0, 1, -1] = 0, 65535
        read = read_pixels(png(pixels, colour_type), channels=channels, value_range=TWELVE)
        alpha = pixels[..., -1:] / 65535
        np.testing.assert_allclose(read, pixels[..., :-1] * alpha + 4095 * (1 - alpha), atol=0.51)
        assert (read[0, 0] == 4095).all() and (read[0, 1] == pixels[0, 1, :-1]).all()
        # As many channels as the file has are those of the file.
        whole = read_pixels(png(pixels, colour_type), channels=channels + 1, value_range=TWELVE)
        np.testing.assert_array_equal(whole, pixels)

    def test_a_colour_key_is_transparent(self):
        pixels = deep(5, 7, 3)
        key = pixels[2, 3].astype(">u2").tobytes()
        read = read_pixels(png(pixels, 2, (b"tRNS", key)), value_range=SIXTEEN)
        pixels[2, 3] = 65535
        np.testing.assert_array_equal(read, pixels)

    @pytest.mark.parametrize("channels", [1, 3])
    def test_orientation_is_applied(self, channels):
        pixels = deep(5, 7, channels)
        exif = Image.Exif()
        exif[0x0112] = 6  # The right side is the top: turned by a quarter clockwise.
        content = png(pixels, 2 if channels == 3 else 0, (b"eXIf", exif.tobytes()[6:]))
        assert read_header(content).size == (7, 5)
        read = read_pixels(content, channels=channels, value_range=SIXTEEN)
        np.testing.assert_array_equal(read, np.rot90(pixels, -1))

    def test_8_bits_with_alpha_as_a_channel(self, tmp_path):
        pixels = (deep(5, 7, 4) >> 8).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "1.png")
        np.testing.assert_array_equal(read_pixels(tmp_path / "1.png", channels=4), pixels)

    def test_a_damaged_file_is_named(self):
        content = png(deep(50, 70, 3), 2)
        with pytest.raises(DataError, match="the image given as .* is damaged"):
            read_pixels(content[: len(content) // 2], value_range=SIXTEEN)


class TestTiff:
    @pytest.fixture(params=["strips", "planes", "tiles", "pages", "bigtiff"])
    def five(self, request, tifffile, tmp_path):
        pixels, path = deep(40, 48, 5), tmp_path / "five.tif"
        options: dict[str, Any] = {"photometric": "minisblack", "planarconfig": "contig"}
        planes = np.moveaxis(pixels, -1, 0).copy()
        if request.param == "planes":
            options |= {"planarconfig": "separate", "compression": "zlib"}
        if request.param == "tiles":
            options |= {
                "tile": (16, 32),
                "compression": "zlib",
                "predictor": True,
                "byteorder": ">",
            }
        if request.param == "pages":
            options: dict[str, Any] = {"photometric": "minisblack"}
        options["bigtiff"] = request.param == "bigtiff"
        tifffile.imwrite(
            path, planes if request.param in ("planes", "pages") else pixels, **options
        )
        return path, pixels

    def test_five_channels(self, five):
        path, pixels = five
        header = read_header(path)
        assert header.size == (40, 48) and header.dtype == "uint16"
        assert 5 in (header.channels, header.pages)
        np.testing.assert_array_equal(read_pixels(path, channels=5, value_range=SIXTEEN), pixels)
        if header.channels == 5:
            for wanted in (1, 3, 4):
                with pytest.raises(DataError, match=f"has 5 channels, and {wanted} are wanted"):
                    read_pixels(path, channels=wanted, value_range=SIXTEEN)
            with pytest.raises(DataError, match="5 channels"):
                read_pixels(path)

    def test_grey_of_16_bits_and_of_floats_need_no_further_package(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "tifffile", None)
        grey = deep(5, 7)
        Image.fromarray(grey).save(tmp_path / "16.tif", compression="tiff_lzw")
        read = read_pixels(tmp_path / "16.tif", channels=1, value_range=SIXTEEN)
        np.testing.assert_array_equal(read[..., 0], grey)
        Image.fromarray(grey.astype(np.float32) - 0.5).save(tmp_path / "f.tif")
        read = read_pixels(tmp_path / "f.tif", channels=3, value_range=FLOATS)
        np.testing.assert_array_equal(read, np.repeat(grey[..., None] - np.float32(0.5), 3, -1))

    def test_the_package_for_the_rest_is_named(self, tifffile, tmp_path, monkeypatch):
        tifffile.imwrite(tmp_path / "c.tif", deep(5, 7, 3), photometric="rgb")
        monkeypatch.setitem(sys.modules, "tifffile", None)
        with pytest.raises(MissingExtraError, match=r"'tifffile'.*pip install 'tfi2i\[tiff\]'"):
            read_pixels(tmp_path / "c.tif", value_range=SIXTEEN)
        with pytest.raises(MissingExtraError, match="tifffile"):
            write_pixels(tmp_path / "w.tif", deep(5, 7, 3))

    @pytest.mark.parametrize("stated", [True, False])
    def test_a_fourth_channel_is_alpha_only_if_the_file_says_so(self, stated, tifffile, tmp_path):
        pixels, path = deep(5, 7, 4), tmp_path / "4.tif"
        extra = ["unassalpha" if stated else "unspecified"]
        tifffile.imwrite(path, pixels, photometric="rgb", extrasamples=extra)
        np.testing.assert_array_equal(read_pixels(path, channels=4, value_range=SIXTEEN), pixels)
        alpha = pixels[..., 3:] / 65535 if stated else 1
        wanted = pixels[..., :3] * alpha + 65535 * (1 - alpha)
        np.testing.assert_allclose(read_pixels(path, value_range=SIXTEEN), wanted, atol=0.51)

    def test_orientation_is_applied(self, tifffile, tmp_path):
        pixels = deep(5, 7, 5)
        for number, turned in {1: pixels, 3: pixels[::-1, ::-1], 8: np.rot90(pixels)}.items():
            tifffile.imwrite(
                tmp_path / "t.tif", pixels, photometric="minisblack", planarconfig="contig",
                extratags=[(274, "H", 1, number, True)],
            )  # fmt: skip
            assert read_header(tmp_path / "t.tif").size == turned.shape[:2]
            read = read_pixels(tmp_path / "t.tif", channels=5, value_range=SIXTEEN)
            np.testing.assert_array_equal(read, turned)

    def test_what_would_unfold_beyond_the_header_is_refused(self, tifffile, tmp_path):
        path = tmp_path / "bomb.tif"
        tifffile.imwrite(
            path, deep(16, 16, 5), photometric="minisblack", planarconfig="contig",
            compression="zlib",
        )  # fmt: skip
        with tifffile.TiffFile(path) as tiff:
            (place,), (length,) = tiff.pages[0].dataoffsets, tiff.pages[0].databytecounts
        bomb = zlib.compress(bytes(10_000_000), 9)
        assert len(bomb) > length
        content = bytearray(path.read_bytes())
        content[place : place + len(bomb)] = bomb
        count = struct.pack("<I", length)
        content = bytes(content).replace(count, struct.pack("<I", len(bomb)), 1)
        with pytest.raises(DataError, match="larger than its header says"):
            read_pixels(content, channels=5, value_range=SIXTEEN)

    def test_other_compressions_are_named(self, tmp_path):
        Image.fromarray((deep(8, 8, 3) >> 8).astype(np.uint8)).save(
            tmp_path / "lzw.tif", compression="tiff_lzw"
        )
        content = bytearray((tmp_path / "lzw.tif").read_bytes())
        bits = content.find(struct.pack("<HHH", 8, 8, 8))
        content[bits : bits + 6] = struct.pack("<HHH", 16, 16, 16)
        pytest.importorskip("tifffile", reason="of the extra tiff")
        if "imagecodecs" in sys.modules:
            pytest.skip("imagecodecs reads it")
        with pytest.raises(
            DataError, match="compressed by LZW: install the package imagecodecs, or"
        ):
            read_pixels(bytes(content), value_range=SIXTEEN)

    def test_sizes_are_judged_before_anything_is_decoded(self, tifffile, tmp_path):
        path = tmp_path / "huge.tif"
        tifffile.imwrite(path, deep(16, 16, 5), photometric="minisblack", planarconfig="contig")
        with tifffile.TiffFile(path, mode="r+b") as tiff:
            for tag in ("ImageWidth", "ImageLength"):
                tiff.pages[0].tags[tag].overwrite(60_000)
        with pytest.raises(DataError, match="60000x60000 = 3,600,000,000 pixels; the limit is"):
            read_pixels(path, channels=5, value_range=SIXTEEN)


class TestArrays:
    @pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 3), (5, 7, 6)])
    @pytest.mark.parametrize("dtype", ["uint8", "uint16", ">u2", "float32"])
    def test_shapes_and_dtypes(self, shape, dtype, tmp_path):
        pixels = (deep(*shape) >> 8).astype(dtype)
        np.save(tmp_path / "1.npy", pixels)
        channels = shape[2] if len(shape) == 3 else 1
        native = np.dtype(dtype).newbyteorder("=").name
        value_range = ValueRange(native, 0, 255)
        assert read_header(tmp_path / "1.npy").dtype == native
        read = read_pixels(tmp_path / "1.npy", channels=channels, value_range=value_range)
        np.testing.assert_array_equal(read, pixels.reshape(5, 7, channels))
        assert read.dtype == native

    def test_order_and_colours(self, tmp_path):
        pixels = deep(5, 7, 3)
        np.save(tmp_path / "1.npy", np.asfortranarray(pixels))
        read = read_pixels(tmp_path / "1.npy", value_range=SIXTEEN)
        np.testing.assert_array_equal(read, pixels)
        np.save(tmp_path / "g.npy", (pixels[..., 0] >> 8).astype(np.uint8))
        read = read_pixels(tmp_path / "g.npy")
        np.testing.assert_array_equal(read, np.repeat(pixels[..., :1] >> 8, 3, axis=-1))

    def test_no_code_is_run(self, tmp_path):
        np.save(tmp_path / "1.npy", np.array([[print]]), allow_pickle=True)
        with pytest.raises(DataError, match="1.npy has the shape .* and the dtype object"):
            read_pixels(tmp_path / "1.npy", channels=1, value_range=SIXTEEN)

    @pytest.mark.parametrize(
        ("array", "words"),
        [
            (np.zeros(5, np.uint16), r"the shape \(5,\)"),
            (np.zeros((2, 2, 2, 2), np.uint16), "an image is"),
            (np.zeros((5, 5), np.complex64), "the dtype complex64"),
            (np.zeros((5, 5), np.int16), "has int16 values"),
            (np.zeros((5, 5), np.float64), "has float64 values"),
            (np.zeros((5, 5), np.uint8), "has 8-bit values, and 16-bit ones are wanted"),
            (np.zeros((5, 5, 0), np.uint16), "no channels"),
            (np.zeros((0, 5), np.uint16), "no pixels"),
            (np.zeros((1, 2000), np.uint16), "one side is more than 200 times"),
        ],
    )
    def test_refusals(self, array, words, tmp_path):
        np.save(tmp_path / "1.npy", array)
        with pytest.raises(DataError, match=words):
            read_pixels(tmp_path / "1.npy", channels=1, value_range=SIXTEEN)

    def test_a_header_that_claims_more_than_there_is(self, tmp_path):
        np.save(tmp_path / "1.npy", deep(50, 70, 3))
        content = (tmp_path / "1.npy").read_bytes()
        with pytest.raises(DataError, match="is cut short"):
            read_header(content[:-1])
        huge = content.replace(b"(50, 70, 3), }        ", b"(50000, 70000, 3), }  ")
        assert huge != content
        with pytest.raises(DataError, match="cut short"):
            read_header(huge)
        with pytest.raises(DataError, match="is damaged"):
            read_header(content[:20])

    def test_values_that_are_not_finite(self, tmp_path):
        pixels = np.zeros((5, 5), np.float32)
        pixels[0, :2] = np.nan, np.inf
        np.save(tmp_path / "1.npy", pixels)
        with pytest.raises(DataError, match="1.npy has 2 values that are not finite"):
            read_pixels(tmp_path / "1.npy", channels=1, value_range=FLOATS)

    def test_no_file(self, tmp_path):
        with pytest.raises(DataError, match="there is no such file"):
            read_pixels(tmp_path / "1.npy")
        (tmp_path / "d.npy").mkdir()
        with pytest.raises(DataError, match="is a folder"):
            read_pixels(tmp_path / "d.npy")


class TestWriting:
    @pytest.mark.parametrize("channels", [1, 2, 3, 4, 5])
    @pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
    def test_what_is_written_is_read(self, channels, dtype, tmp_path):
        pixels = (deep(5, 7, channels) >> 8).astype(dtype)
        value_range = ValueRange(dtype, 0, 255)
        for suffix in suffixes_for(dtype, channels):
            if suffix in (".jpg", ".jpeg", ".webp"):
                continue
            if suffix in (".tif", ".tiff"):
                pytest.importorskip("tifffile", reason="of the extra tiff")
            path = tmp_path / f"1{suffix}"
            write_pixels(path, pixels)
            read = read_pixels(path, channels=channels, value_range=value_range)
            np.testing.assert_array_equal(read, pixels)
        assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]

    @pytest.mark.parametrize(
        ("dtype", "channels", "usual"),
        [("uint8", 3, ".png"), ("uint16", 3, ".png"), ("uint16", 1, ".png"), ("uint16", 4, ".tif"),
         ("uint8", 5, ".tif"), ("float32", 1, ".tif")],
    )  # fmt: skip
    def test_the_usual_suffix(self, dtype, channels, usual):
        assert suffixes_for(dtype, channels)[0] == usual

    @pytest.mark.parametrize(
        ("name", "pixels"),
        [("1.jpg", deep(5, 7, 3)), ("1.png", deep(5, 7, 5)), ("1.webp", deep(5, 7, 1)),
         ("1.png", np.zeros((5, 7, 3), np.float32))],
    )  # fmt: skip
    def test_what_a_kind_of_file_does_not_hold(self, name, pixels, tmp_path):
        with pytest.raises(DataError, match="does not hold .* use one of .*npy"):
            write_pixels(tmp_path / name, pixels)
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("channels", [1, 3])
    def test_tags_of_a_png(self, channels, tmp_path):
        Image.new("L", (1, 1)).save(tmp_path / "tags.png", dpi=(300, 300), pnginfo=self.caption())
        tags = read_tags(tmp_path / "tags.png")
        pixels = deep(5, 7, channels)
        write_pixels(tmp_path / "1.png", pixels, tags=tags.save_options(".png"))
        kept = read_tags(tmp_path / "1.png")
        assert kept.texts == {"Title": "Mélusine"} and kept.dpi is not None
        assert kept.dpi[0] == pytest.approx(300, abs=0.1)
        read = read_pixels(tmp_path / "1.png", channels=channels, value_range=SIXTEEN)
        np.testing.assert_array_equal(read, pixels)

    @staticmethod
    def caption() -> PngInfo:
        info = PngInfo()
        info.add_itxt("Title", "Mélusine")
        return info


class TestResizing:
    def test_16_bits_are_resized_as_8_bits_are(self):
        # Of little contrast: 8 bits are clipped between the two directions too.
        eight = (96 + (deep(40, 30, 3) >> 10)).astype(np.uint8)
        for size in ((16, 20), (64, 90)):
            wanted = resize_image(eight, *size).astype(np.float64)
            made = resize_image(eight.astype(np.uint16) * 257, *size) / 257
            # Pillow rounds 8 bits between the two directions.
            np.testing.assert_allclose(made, wanted, atol=1.01)
        ramp = np.linspace(0, 65535, 64).astype(np.uint16)[None, :, None].repeat(4, axis=0)
        shrunk = resize_image(ramp, 4, 32)
        np.testing.assert_allclose(shrunk[0, 4:-4, 0], ramp[0].reshape(32, 2).mean(1)[4:-4], atol=1)

    def test_values_stay_within_16_bits(self):
        edge = np.zeros((8, 8, 1), np.uint16)
        edge[:, 4:] = 65535
        grown = resize_image(edge, 32, 32)
        assert grown.min() == 0 and grown.max() == 65535

    @pytest.mark.parametrize("channels", [2, 4, 5])
    def test_channels_do_not_mix(self, channels):
        pixels = (deep(12, 9, channels) >> 8).astype(np.uint8)
        resized = resize_image(pixels, 7, 15)
        for channel in range(channels):
            alone = resize_image(pixels[..., channel : channel + 1], 7, 15)
            np.testing.assert_array_equal(resized[..., channel], alone[..., 0])
