import io
import os
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfi2i.data import image_size, read_image, resize_image, to_float, to_uint8, write_image
from tfi2i.data.folders.listing import SUFFIXES
from tfi2i.errors import DataError


def gradient(height=24, width=32):
    """Red rises to the right, green downwards: every orientation looks different."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 255 // (width - 1), y * 255 // (height - 1), x * 0 + 60], -1).astype("u1")


def encoded(picture, format, **options):
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def png_of_zeros(width, height, rows):
    """A PNG of so many rows of black RGB pixels; the header may promise more of them."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    squeeze, parts = zlib.compressobj(9), []
    for _ in range(rows):
        parts.append(squeeze.compress(bytes(1 + 3 * width)))
    content = b"".join(parts) + squeeze.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", content)
        + chunk(b"IEND", b"")
    )


def tiff(pixels, bits, samples=1, photometric=1, **tags):
    """A TIFF written by hand from the specification: one strip, tags by number as `t338=0`."""
    height, width = 4, 8
    entries = {
        256: width, 257: height, 258: bits, 259: 1, 262: photometric, 273: 0, 277: samples,
        278: height, 279: len(pixels), **{int(tag[1:]): value for tag, value in tags.items()},
    }  # fmt: skip
    extra_at = 8 + 2 + 12 * len(entries) + 4
    # BitsPerSample of several samples does not fit into its entry.
    extra = struct.pack(f"<{samples}H", *[bits] * samples) if samples > 2 else b""
    entries[273] = extra_at + len(extra)
    directory = struct.pack("<H", len(entries))
    for tag, value in sorted(entries.items()):
        if tag == 258 and extra:
            directory += struct.pack("<HHII", tag, 3, samples, extra_at)
        else:
            directory += struct.pack("<HHIHH", tag, 3, 1, value, 0)
    return b"II*\0" + struct.pack("<I", 8) + directory + b"\0" * 4 + extra + pixels


class TestPixels:
    def test_every_byte_survives_the_round_trip_in_numpy_and_tensorflow(self):
        every = np.arange(256, dtype=np.uint8)
        assert np.array_equal(to_uint8(to_float(every)), every)
        assert np.array_equal(to_uint8(to_float(tf.constant(every))).numpy(), every)

    def test_numpy_and_tensorflow_agree_to_the_bit(self):
        every = np.arange(256, dtype=np.uint8)
        assert np.array_equal(to_float(every), to_float(tf.constant(every)).numpy())
        floats = np.linspace(-1.2, 1.2, 1001, dtype=np.float32)
        assert np.array_equal(to_uint8(floats), to_uint8(tf.constant(floats)).numpy())

    def test_ends_and_clipping(self):
        assert to_float(np.array([0, 255], np.uint8)).tolist() == [-1.0, 1.0]
        assert to_uint8(np.array([-7.0, 7.0])).tolist() == [0, 255]

    def test_values_that_are_not_finite_are_no_black_picture(self):
        for value in (np.nan, np.inf):
            with pytest.raises(DataError, match="not finite: the weights"):
                to_uint8(np.array([0.0, value], np.float32))


class TestFormats:
    @pytest.mark.parametrize(
        ("format", "options", "tolerance"),
        [
            ("PNG", {}, 0),
            ("BMP", {}, 0),
            ("TIFF", {}, 0),
            ("TIFF", {"compression": "tiff_lzw"}, 0),
            ("WEBP", {"lossless": True}, 0),
            ("JPEG", {"quality": 95, "subsampling": 0}, 6),
            ("JPEG", {"quality": 95, "subsampling": 0, "progressive": True}, 6),
        ],
    )
    @pytest.mark.fault("11")
    def test_colour(self, format, options, tolerance):
        content = encoded(Image.fromarray(gradient()), format, **options)
        difference = np.abs(read_image(content).astype(int) - gradient()).max()
        assert difference <= tolerance
        assert image_size(content) == (24, 32)

    @pytest.mark.fault("11")
    def test_grey_one_bit_and_sixteen_bit(self):
        grey = gradient()[..., 0]
        three = np.repeat(grey[..., None], 3, -1)
        assert np.array_equal(read_image(encoded(Image.fromarray(grey), "PNG")), three)
        one_bit = Image.fromarray(grey > 99)
        assert one_bit.mode == "1"
        assert np.array_equal(read_image(encoded(one_bit, "PNG")), 255 * (three > 99))
        deep = (grey.astype(np.uint16) << 8) + 200
        for format in ("PNG", "TIFF"):
            assert np.array_equal(read_image(encoded(Image.fromarray(deep), format)), three)

    def test_sixteen_bits_as_tensorflow_reads_them(self):
        deep = np.arange(65536, dtype=np.uint16).reshape(256, 256)
        content = encoded(Image.fromarray(deep), "PNG")
        theirs = tf.io.decode_png(content, channels=3).numpy()
        assert np.array_equal(read_image(content), theirs)

    def test_twelve_bits_that_the_file_states(self):
        values = np.arange(0, 4096, 128, dtype=np.uint16).reshape(4, 8)
        wanted = np.repeat((values >> 4).astype(np.uint8)[..., None], 3, -1)
        pairs = values.reshape(-1, 2).astype(int)
        packed = np.stack(
            [pairs[:, 0] >> 4, (pairs[:, 0] & 15) << 4 | pairs[:, 1] >> 8, pairs[:, 1] & 255], -1
        )
        assert np.array_equal(read_image(tiff(packed.astype(np.uint8).tobytes(), 12)), wanted)
        in_sixteen = tiff(values.tobytes(), 16, t281=4095)
        assert np.array_equal(read_image(in_sixteen), wanted)

    def test_twelve_bits_that_nothing_states_are_dark_and_said_to_be(self):
        values = np.full((4, 8), 4095, np.uint16)
        for content in (tiff(values.tobytes(), 16), encoded(Image.fromarray(values), "PNG")):
            with pytest.warns(UserWarning, match=r"without a value above 4,095.*12-bit"):
                assert (read_image(content) == 15).all()
        assert (read_image(tiff((values + 1).tobytes(), 16)) == 16).all()  # no warning

    def test_near_infrared_is_no_alpha(self):
        bands = np.arange(4 * 8 * 4, dtype=np.uint8).reshape(4, 8, 4)
        for tags in ({}, {"t338": 0}):
            satellite = tiff(bands.tobytes(), 8, samples=4, photometric=2, **tags)
            assert np.array_equal(read_image(satellite), bands[..., :3])
        cut_out = tiff(bands.tobytes(), 8, samples=4, photometric=2, t338=2)
        assert read_image(cut_out)[0, 0].tolist() == [252, 252, 252]  # alpha 3 over white

    def test_portable_anymaps_of_eight_and_sixteen_bits(self):
        grey = gradient()[..., 0]
        assert np.array_equal(read_image(encoded(Image.fromarray(grey), "PPM"))[..., 0], grey)
        assert np.array_equal(read_image(encoded(Image.fromarray(gradient()), "PPM")), gradient())
        deep = b"P5 32 24 65535\n" + (grey.astype(">u2") * 257).tobytes()
        assert np.array_equal(read_image(deep)[..., 0], grey)

    @pytest.mark.skipif(".avif" not in SUFFIXES, reason="this Pillow has no decoder of AVIF")
    def test_avif(self):
        content = encoded(Image.fromarray(gradient()), "AVIF", quality=95)
        assert np.abs(read_image(content).astype(int) - gradient()).mean() < 6

    @pytest.mark.fault("11")
    def test_transparency_lies_over_white(self):
        rgba = np.zeros((8, 8, 4), np.uint8)
        rgba[..., 0], rgba[:4, :, 3], rgba[4:, :, 3] = 200, 255, 51
        seen = read_image(encoded(Image.fromarray(rgba), "PNG"))
        assert seen[0, 0].tolist() == [200, 0, 0]
        assert seen[7, 0].tolist() == [244, 204, 204]  # 255 - (255 - c) * 51 / 255

    def test_palette_with_a_transparent_entry(self):
        picture = Image.new("P", (8, 8), 1)
        picture.putpalette([10, 20, 30, 0, 0, 0])
        picture.paste(0, (0, 0, 8, 4))
        seen = read_image(encoded(picture, "PNG", transparency=1))
        assert seen[0, 0].tolist() == [10, 20, 30]
        assert seen[7, 0].tolist() == [255, 255, 255]
        turned = encoded(picture, "PNG", transparency=1, exif=exif(6))
        assert (read_image(turned)[:, 0] == 255).all()

    @pytest.mark.fault("11")
    def test_cmyk_jpeg(self):
        content = encoded(Image.new("CMYK", (16, 16), (0, 255, 255, 0)), "JPEG", quality=95)
        assert np.abs(read_image(content)[8, 8].astype(int) - [255, 0, 0]).max() < 6

    @pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF"])
    @pytest.mark.fault("11")
    def test_first_frame(self, format):
        frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
        options = {"lossless": True} if format == "WEBP" else {}
        content = encoded(frames[0], format, save_all=True, append_images=frames[1:], **options)
        assert read_image(content)[4, 4].tolist() == [255, 0, 0]

    def test_grey_on_request(self):
        luma = read_image(encoded(Image.new("RGB", (8, 8), (255, 0, 0)), "PNG"), channels=1)
        assert luma.shape == (8, 8, 1)
        assert luma[0, 0, 0] == 76  # 0.299 * 255


def exif(orientation):
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


class TestOrientation:
    # What a viewer does with the stored pixels for each EXIF value, in numpy's words.
    UPRIGHT = {
        1: lambda p: p,
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.transpose(1, 0, 2),
        6: lambda p: np.rot90(p, -1),
        7: lambda p: np.rot90(p, 2).transpose(1, 0, 2),
        8: lambda p: np.rot90(p, 1),
    }

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
    @pytest.mark.fault("11")
    def test_is_applied(self, format, orientation):
        options = {"lossless": True} if format == "WEBP" else {}
        stored = Image.fromarray(gradient())
        content = encoded(stored, format, exif=exif(orientation), **options)
        upright = self.UPRIGHT[orientation](gradient())
        assert np.array_equal(read_image(content), upright)
        assert image_size(content) == upright.shape[:2]

    def test_of_a_phone_photo(self):
        content = encoded(Image.fromarray(gradient()), "JPEG", quality=95, exif=exif(6))
        assert read_image(content).shape == (32, 24, 3)
        assert tf.io.decode_image(content).shape == (24, 32, 3)  # what a TensorFlow graph sees

    @pytest.mark.filterwarnings("ignore:Corrupt EXIF")
    @pytest.mark.parametrize("content", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff"])
    def test_unreadable_exif_is_no_orientation(self, content):
        photo = encoded(Image.fromarray(gradient()), "JPEG", exif=content)
        assert read_image(photo).shape == (24, 32, 3)


class TestFaults:
    def test_missing_file_and_folder(self, tmp_path):
        with pytest.raises(DataError, match="nothing.png: there is no such file"):
            read_image(tmp_path / "nothing.png")
        with pytest.raises(DataError, match=tmp_path.name):
            read_image(tmp_path)

    @pytest.mark.parametrize(
        ("content", "words"),
        [(b"", "empty"), (b"hello world", "known format"), (b"\x89PNG\r\n\x1a\n", "photo")],
    )
    @pytest.mark.fault("12")
    def test_no_image(self, tmp_path, content, words):
        path = tmp_path / "photo.png"
        path.write_bytes(content)
        with pytest.raises(DataError, match=words) as caught:
            read_image(path)
        assert str(path) in str(caught.value)

    @pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
    @pytest.mark.fault("10")
    def test_truncated(self, tmp_path, format):
        content = encoded(Image.effect_noise((64, 64), 80).convert("RGB"), format)
        path = tmp_path / "cut"
        path.write_bytes(content[: len(content) * 2 // 3])
        with pytest.raises(DataError, match="cut"):
            read_image(path)

    @pytest.mark.filterwarnings("ignore")  # Pillow's remarks on damaged metadata
    @pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
    @pytest.mark.fault("10", "R9")
    def test_random_damage_gives_an_image_or_a_data_error(self, format):
        whole = encoded(Image.fromarray(gradient()), format, exif=exif(6))
        random = np.random.default_rng(0)
        for _ in range(300):
            damaged = bytearray(whole)
            for place in random.integers(0, min(len(whole), 400), random.integers(1, 6)):
                damaged[place] = random.integers(256)
            try:
                image = read_image(bytes(damaged), max_pixels=100_000)
            except DataError:
                continue
            assert image.dtype == np.uint8 and image.shape[-1] == 3

    @pytest.mark.parametrize("size", [(100_000, 1), (1, 100_000)])
    @pytest.mark.fault("12")
    def test_aspect(self, size):
        content = encoded(Image.new("L", size), "PNG")
        with pytest.raises(DataError, match="more than 200 times"):
            read_image(content)

    def test_limits_can_be_set(self):
        content = encoded(Image.new("L", (30, 10)), "PNG")
        assert read_image(content).shape == (10, 30, 3)
        with pytest.raises(DataError, match="30x10 = 300 pixels; the limit is 299"):
            read_image(content, max_pixels=299)
        with pytest.raises(DataError, match="more than 2 times"):
            read_image(content, max_aspect=2)

    def test_ranges_that_nothing_states(self):
        content = encoded(Image.fromarray(np.ones((8, 8), np.float32)), "TIFF")
        with pytest.raises(DataError, match="32-bit integer or float values.* no stated range"):
            read_image(content)
        signed = tiff(np.zeros((4, 8), np.int16).tobytes(), 16, t339=2)
        with pytest.raises(DataError, match="has signed values, which have no stated range"):
            read_image(signed)
        signed = tiff(np.zeros((4, 8), np.int8).tobytes(), 8, t339=2)
        with pytest.raises(DataError, match="has signed values, which have no stated range"):
            read_image(signed)

    @pytest.mark.fault("R9")
    def test_whatever_a_decoder_raises_names_the_file(self, tmp_path):
        header = struct.pack(">IIBBBBB", 4, 4, 8, 3, 0, 0, 0)  # a palette that never comes
        rows = zlib.compress(bytes(4 * 5))
        content = b"\x89PNG\r\n\x1a\n"
        for name, body in ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b"")):
            content += struct.pack(">I", len(body)) + name + body
            content += struct.pack(">I", zlib.crc32(name + body))
        (tmp_path / "lost.png").write_bytes(content)
        with pytest.raises(DataError, match=r"lost\.png is damaged or cannot be read: \w"):
            read_image(tmp_path / "lost.png")

    @pytest.mark.fault("10")
    def test_other_formats_are_not_tried(self, tmp_path):
        for format in ("ICO", "TGA"):
            with pytest.raises(DataError, match="known format"):
                read_image(encoded(Image.new("RGB", (16, 16)), format))

    @pytest.mark.fault("12", "R3")
    def test_a_small_png_bomb_costs_little_memory(self, forking, tmp_path):
        # Pillow itself refuses the first; the second lies between its limit and ours.
        sizes = {"a.png": (2048, 91_000), "b.png": (16_000, 10_100)}
        paths = []
        for name, (width, height) in sizes.items():
            paths.append(str(tmp_path / name))
            (tmp_path / name).write_bytes(png_of_zeros(width, height, rows=2_000))
            assert (tmp_path / name).stat().st_size < 120_000
        program = (
            "import resource, sys\n"
            "from tfi2i.data.decode.images import read_image\n"
            "from tfi2i.errors import DataError\n"
            "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
            "for path in sys.argv[1:]:\n"
            "    try:\n"
            "        read_image(path)\n"
            "        sys.exit('was decoded')\n"
            "    except DataError as error:\n"
            "        print(error)\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
        )
        done = forking.run("-c", program, *paths)
        *messages, grown = done.stdout.splitlines()
        assert "a.png is too large to decode safely (limit: 160,000,000 pixels)" in messages[0]
        assert "b.png is 16000x10100 = 161,600,000 pixels" in messages[1]
        assert int(grown) < 50_000  # KiB; decoding either would take 480,000 and more


class TestWriting:
    @pytest.mark.parametrize("name", ["a.png", "a.JPG", "a.jpeg", "a.webp"])
    @pytest.mark.parametrize("channels", [1, 3])
    def test_what_is_written_can_be_read(self, tmp_path, name, channels):
        image = gradient()[..., :channels]
        write_image(tmp_path / name, image)
        back = read_image(tmp_path / name, channels=channels)
        assert np.abs(back.astype(int) - image).mean() < (0.1 if name == "a.png" else 4)
        assert os.listdir(tmp_path) == [name]

    def test_faults(self, tmp_path):
        with pytest.raises(DataError, match=r"a\.xyz"):
            write_image(tmp_path / "a.xyz", gradient())
        with pytest.raises(DataError, match="uint8"):
            write_image(tmp_path / "a.png", gradient().astype(np.float32))
        with pytest.raises(DataError, match="missing"):
            write_image(tmp_path / "missing" / "a.png", gradient())

    def test_a_failed_write_leaves_the_old_file_and_nothing_else(self, tmp_path):
        path = tmp_path / "a.webp"
        write_image(path, gradient())
        before = path.read_bytes()
        with pytest.raises(DataError, match=r"a\.webp cannot be written"):
            write_image(path, np.zeros((1, 20_000, 3), np.uint8))  # WebP ends at 16383
        assert path.read_bytes() == before
        assert os.listdir(tmp_path) == ["a.webp"]


def test_resize_is_pillows_bicubic_and_keeps_what_fits():
    image = gradient()
    assert resize_image(image, 24, 32) is image
    theirs = Image.fromarray(image).resize((11, 13), Image.Resampling.BICUBIC)
    assert np.array_equal(resize_image(image, 13, 11), np.asarray(theirs))
    assert resize_image(image[..., :1], 13, 11).shape == (13, 11, 1)
