"""SavedModels: both signatures, any size, readable refusals, whole version folders."""

import io
import struct
import zlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfi2i import layers
from tfi2i.data import read_image, to_float, to_uint8
from tfi2i.errors import ExportError
from tfi2i.export import export_saved_model, read_metadata
from tfi2i.export.client import prepare
from tfi2i.export.encoded import decode_checked
from tfi2i.export.generator import InferenceGenerator, inference_generator

MAX_PIXELS = 64 * 64


def make_generator(channels=3, output_channels=3, dtype=None):
    """Takes multiples of 4 and, for its padding at a quarter of the size, at least 8 pixels."""
    keras.utils.set_random_seed(0)
    images = keras.Input((None, None, channels))
    x = keras.layers.Conv2D(4, 4, strides=4, dtype=dtype, name="down")(images)
    x = layers.ReflectionPadding2D(1, dtype=dtype, name="pad")(x)
    x = keras.layers.Conv2D(8, 3, dtype=dtype, name="middle")(x)
    x = layers.InstanceNormalization(dtype=dtype, name="norm")(x)
    x = keras.layers.Conv2DTranspose(output_channels, 4, strides=4, name="up", dtype=dtype)(x)
    x = keras.layers.Activation("tanh", dtype="float32", name="output")(x)
    generator = keras.Model(images, x, name="generator")
    generator.size_multiple = 4
    return generator


def noise(*shape):
    return np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)


def png(image):
    return tf.io.encode_png(image).numpy()


def png_header(width, height):
    """A PNG that claims a size and holds no pixels: any decoder fails on it."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    )


def file_of(image, kind, **options):
    buffer = io.BytesIO()
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def altered(content, place):
    """One byte is another."""
    return content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :]


def plain_png(pixels, bits, colour_type, width):
    """A PNG of rows of bytes as they are, for depths that Pillow does not write."""

    def chunk(name, data):
        check = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + check

    header = struct.pack(">IIBBBBB", width, len(pixels), bits, colour_type, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*one) for one in chunks)


def pngs_of_every_kind():
    colours, grey, keyed = noise(9, 12, 3), noise(9, 12, 1)[..., 0], noise(9, 12, 1)[..., 0] % 8
    palette = Image.fromarray(colours).quantize(16)
    sixteen = np.random.default_rng(2).integers(0, 1 << 16, (9, 12, 4)).astype(">u2")
    return {
        "grey": file_of(grey, "PNG"),
        "grey, alpha": file_of(Image.fromarray(noise(9, 12, 2), "LA"), "PNG"),
        "colour": file_of(colours, "PNG"),
        "colour, alpha": file_of(noise(9, 12, 4), "PNG"),
        "palette": file_of(palette, "PNG"),
        "palette, alpha": file_of(palette, "PNG", transparency=bytes(range(0, 256, 16))),
        "palette, one transparent": file_of(palette, "PNG", transparency=3),
        "black and white": file_of(Image.fromarray(grey).convert("1"), "PNG"),
        "grey, one transparent": file_of(keyed, "PNG", transparency=7),
        "colour, one transparent": file_of(
            Image.fromarray(np.stack([keyed] * 3, -1)), "PNG", transparency=(5, 5, 5)
        ),
        "4 bits": plain_png(noise(9, 6), 4, 0, 12),
        "2 bits": plain_png(noise(9, 3), 2, 0, 12),
        "16 bits, grey": plain_png(sixteen[..., 0], 16, 0, 12),
        "16 bits, grey, alpha": plain_png(sixteen[..., :2], 16, 4, 12),
        "16 bits, colour": plain_png(sixteen[..., :3], 16, 2, 12),
        "16 bits, colour, alpha": plain_png(sixteen, 16, 6, 12),
    }


def cmyk_jpeg(*, marked):
    """Four colours, with or without Adobe's segment, which is to say that they are inverted."""
    smooth = Image.fromarray(noise(2, 2, 3)).resize((12, 9), Image.Resampling.BICUBIC)
    jpeg = file_of(smooth.convert("CMYK"), "JPEG", quality=95)
    start = jpeg.index(b"\xff\xee\x00\x0eAdobe")
    return jpeg if marked else jpeg[:start] + jpeg[start + 16 :]


@pytest.fixture(scope="module")
def generator():
    return make_generator()


@pytest.fixture(scope="module")
def version(generator, tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "model"
    return export_saved_model(
        generator, folder, metadata={"variant": "test"}, max_pixels=MAX_PIXELS
    )


@pytest.fixture(scope="module")
def signatures(version):
    return tf.saved_model.load(str(version)).signatures


def translate(signatures, images):
    return signatures["serving_default"](images=tf.constant(images, tf.float32))["images"].numpy()


def translate_bytes(signatures, encoded):
    answer = signatures["serving_bytes"](encoded=tf.constant(encoded))["png_bytes"].numpy()
    return [tf.io.decode_png(one).numpy() for one in answer]


def test_a_float_batch_gives_what_keras_gives(generator, signatures):
    images = noise(3, 16, 24, 3)
    expected = (generator(to_float(images), training=False).numpy() + 1) * 127.5
    np.testing.assert_allclose(translate(signatures, images), expected, atol=1e-2)


def test_bytes_of_pixels_give_the_rounded_floats(signatures):
    images = noise(2, 9, 11, 3)
    made = signatures["serving_uint8"](images=tf.constant(images))["images"].numpy()
    np.testing.assert_array_equal(made, np.rint(translate(signatures, images)).astype(np.uint8))


@pytest.mark.parametrize(("height", "width"), [(1, 5), (2, 2), (3, 3), (7, 13), (8, 16), (50, 9)])
def test_any_size_is_mirrored_up_and_cropped_back(generator, signatures, height, width):
    image = noise(1, height, width, 3)
    rows, columns = (max(8, -(-side // 4) * 4) - side for side in (height, width))
    padded = np.pad(image, [(0, 0), (0, rows), (0, columns), (0, 0)], mode="reflect")
    expected = generator(to_float(padded), training=False).numpy()[:, :height, :width]
    np.testing.assert_allclose(translate(signatures, image), (expected + 1) * 127.5, atol=1e-2)


def test_encoded_images_of_different_sizes_give_the_rounded_floats(signatures):
    images = [noise(16, 24, 3), noise(9, 11, 3)]
    results = translate_bytes(signatures, [png(image) for image in images])
    for image, result in zip(images, results, strict=True):
        floats = translate(signatures, image[None])[0]
        assert result.shape == image.shape
        np.testing.assert_array_equal(result, np.rint(floats).astype(np.uint8))
        np.testing.assert_array_equal(result, to_uint8(floats / 127.5 - 1))


def test_a_jpeg_is_decoded_as_in_training(signatures):
    gradient = np.linspace(0, 255, 24 * 16 * 3).reshape(16, 24, 3).astype(np.uint8)
    jpeg = file_of(gradient, "JPEG", subsampling=0)
    pixels = np.asarray(Image.open(io.BytesIO(jpeg)))
    expected = np.rint(translate(signatures, pixels[None])[0])
    assert np.abs(translate_bytes(signatures, [jpeg])[0] - expected).max() <= 1


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", pngs_of_every_kind())
@pytest.mark.fault("11")
def test_pngs_are_decoded_to_the_pixels_of_training(kind, channels):
    encoded = pngs_of_every_kind()[kind]
    inference = InferenceGenerator(make_generator(channels), "float32", ())
    decoded = decode_checked(tf.constant(encoded), tf.constant(0), inference, MAX_PIXELS)
    np.testing.assert_array_equal(decoded, read_image(encoded, channels=channels))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", ["L", "RGB", "CMYK"])
@pytest.mark.fault("11")
def test_jpegs_are_decoded_to_the_pixels_of_training(kind, channels):
    smooth = Image.fromarray(noise(2, 2, 3)).resize((12, 9), Image.Resampling.BICUBIC)
    encoded = cmyk_jpeg(marked=True) if kind == "CMYK" else file_of(smooth.convert(kind), "JPEG")
    inference = InferenceGenerator(make_generator(channels), "float32", ())
    decoded = decode_checked(tf.constant(encoded), tf.constant(0), inference, MAX_PIXELS)
    np.testing.assert_array_equal(decoded, read_image(encoded, channels=channels))


@pytest.mark.fault("11")
def test_transparency_is_served_over_white(signatures):
    encoded = file_of(noise(9, 12, 4), "PNG")
    expected = np.rint(translate(signatures, read_image(encoded)[None])[0])
    np.testing.assert_array_equal(translate_bytes(signatures, [encoded])[0], expected)


def test_a_batch_gives_what_its_images_give_alone(signatures):
    images = noise(3, 12, 9, 3)
    alone = np.concatenate([translate(signatures, image[None]) for image in images])
    np.testing.assert_array_equal(translate(signatures, images), alone)


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [
        (cmyk_jpeg(marked=False), "index 1 is a CMYK JPEG without Adobe.*prepare"),
        (b"", "image at index 1 is neither PNG nor JPEG \\(0 bytes\\)"),
        (b"not an image", "neither PNG nor JPEG \\(12 bytes\\).*tfi2i.export.client.prepare"),
        (file_of(np.zeros((8, 8, 3), np.uint8), "TIFF"), "neither PNG nor JPEG"),
        (file_of(np.zeros((8, 8, 3), np.uint8), "WEBP"), "neither PNG nor JPEG"),
        (b"\x89PNG\r\n\x1a\n", "0 x 0 pixels"),
        (png(noise(8, 8, 3))[:50], "index 1 cannot be decoded: it is cut off .* \\(50 bytes"),
        (png(noise(8, 8, 3))[:-20], "index 1 cannot be decoded: it is cut off or damaged"),
        (altered(png(noise(8, 8, 3)), 60), "index 1 cannot be decoded"),
        (file_of(noise(8, 8, 3), "JPEG")[:20], "index 1 is a JPEG whose header is cut off or dam"),
        (file_of(noise(8, 8, 3), "JPEG")[:-40], "index 1 cannot be decoded: it is cut off"),
        (b"\xff\xd8\xff" + bytes(50), "index 1 is a JPEG whose header is .* \\(53 bytes\\)"),
        (png_header(30000, 20000), "image at index 1: .*30000 x 20000 pixels.*at most 4096 pixels"),
        (png_header(2**31 + 5, 2**31 + 5), "2147483653 x 2147483653 pixels"),
        (png_header(4095, 1), "4095 x 1 pixels: at least .*after padding to multiples of 4"),
        (file_of(np.zeros((65, 64, 3), np.uint8), "JPEG"), "64 x 65 pixels.*at most 4096"),
    ],
)
@pytest.mark.fault("20")
def test_bad_bytes_are_refused_with_the_reason(signatures, encoded, reason):
    good = png(noise(8, 8, 3))
    with pytest.raises(tf.errors.InvalidArgumentError, match=reason):
        translate_bytes(signatures, [good, encoded])
    assert translate_bytes(signatures, [good])[0].shape == (8, 8, 3)


@pytest.mark.parametrize("shape", [(0, 8, 8, 3), (1, 0, 8, 3), (2, 64, 64, 3)])
@pytest.mark.fault("20")
def test_empty_and_huge_batches_are_refused(signatures, shape):
    with pytest.raises(tf.errors.InvalidArgumentError, match="pixels"):
        translate(signatures, np.zeros(shape))
    assert translate(signatures, np.zeros((1, 64, 64, 3))).shape == (1, 64, 64, 3)


def test_a_session_serves_it_as_tf_serving_does(version):
    encoded = png(noise(8, 12, 3))
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        signature = tf.compat.v1.saved_model.load(session, ["serve"], str(version)).signature_def
        serving = signature["serving_bytes"]
        feed, fetch = serving.inputs["encoded"].name, serving.outputs["png_bytes"].name
        (result,) = session.run(fetch, {feed: [encoded]})
        assert Image.open(io.BytesIO(result)).size == (12, 8)
        with pytest.raises(tf.errors.InvalidArgumentError, match="30000 x 20000 pixels"):
            session.run(fetch, {feed: [png_header(30000, 20000)]})
        with pytest.raises(tf.errors.InvalidArgumentError, match="at index 1 cannot be decoded"):
            session.run(fetch, {feed: [encoded, encoded[:-20]]})


def test_versions_count_on_and_nothing_partial_stays(generator, tmp_path):
    (tmp_path / "7").mkdir()
    (tmp_path / "notes").mkdir()
    version = export_saved_model(generator, tmp_path, metadata={})
    assert version == tmp_path / "8"
    assert (version / "saved_model.pb").is_file()
    assert sorted(child.name for child in tmp_path.iterdir()) == ["7", "8", "notes"]


@pytest.mark.fault("R2", "23")
def test_a_failed_export_leaves_no_version(generator, tmp_path):
    with pytest.raises(ExportError, match="metadata.*JSON"):
        export_saved_model(generator, tmp_path / "model", metadata={"when": object()})
    with pytest.raises(ExportError, match="metadata.*JSON"):
        export_saved_model(generator, tmp_path / "model", metadata={"loss": float("nan")})
    assert not (tmp_path / "model").exists()


def test_metadata_says_what_is_served(version, tmp_path):
    document = read_metadata(version)
    assert document["model"] == {"variant": "test"}
    facts = document["export"]
    assert facts["signatures"] == ["serving_bytes", "serving_default", "serving_uint8"]
    assert (facts["size_multiple"], facts["max_pixels"]) == (4, MAX_PIXELS)
    assert facts["encoded_formats"] == ["PNG", "JPEG"]
    assert "ignored" in facts["exif_orientation"]
    with pytest.raises(ExportError, match="numbered version folder"):
        read_metadata(tmp_path)


def test_channels_that_no_png_holds_get_the_float_signature_only(tmp_path):
    generator = make_generator(channels=5, output_channels=2)
    version = export_saved_model(generator, tmp_path, metadata={})
    signatures = tf.saved_model.load(str(version)).signatures
    known = ["serving_default", "serving_uint8"]
    assert sorted(signatures) == read_metadata(version)["export"]["signatures"] == known
    assert translate(signatures, noise(1, 8, 8, 5)).shape == (1, 8, 8, 2)


def test_grey_images_are_served_as_bytes(tmp_path):
    version = export_saved_model(make_generator(1, 1), tmp_path, metadata={})
    signatures = tf.saved_model.load(str(version)).signatures
    assert translate_bytes(signatures, [png(noise(8, 12, 1))])[0].shape == (8, 12, 1)


def test_a_generator_of_mixed_precision_is_exported_in_float32():
    mixed = make_generator(dtype="mixed_bfloat16")
    full = make_generator()
    full.set_weights(mixed.get_weights())
    inference = inference_generator(mixed)
    image = to_float(noise(1, 16, 16, 3))
    expected = full(image, training=False).numpy()
    np.testing.assert_array_equal(inference.model(image, training=False), expected)
    assert np.abs(mixed(image, training=False).numpy() - expected).max() > 1e-4
    assert inference.notes == ("Trained in mixed_bfloat16; exported in float32.",)
    assert mixed.get_layer("down").compute_dtype == "bfloat16"


def test_in_bfloat16_the_file_is_half_as_large_and_the_image_the_same(tmp_path):
    generator = make_generator()
    big = keras.layers.Conv2D(256, 3, padding="same", name="big")
    images = keras.Input((None, None, 3))
    images_out = keras.layers.Conv2D(3, 1, name="last")(big(generator(images)))
    large = keras.Model(images, images_out, name="large")
    large.size_multiple = 4
    sizes = {}
    for precision in ("float32", "bfloat16"):
        version = export_saved_model(large, tmp_path / precision, metadata={}, precision=precision)
        assert read_metadata(version)["export"]["precision"] == precision
        sizes[precision] = (version / "variables" / "variables.data-00000-of-00001").stat().st_size
    assert sizes["bfloat16"] < 0.6 * sizes["float32"]
    half = tf.saved_model.load(str(tmp_path / "bfloat16" / "1")).signatures
    for count in (1, 2):
        image = noise(count, 16, 16, 3)
        expected = np.clip((large(to_float(image), training=False).numpy() + 1) * 127.5, 0, 255)
        assert np.abs(translate(half, image) - expected).mean() < 1


def test_one_image_goes_through_the_fused_kernel(version):
    assert b"FusedBatchNormV3" in (version / "saved_model.pb").read_bytes()


def test_generators_that_are_none_are_refused(tmp_path):
    generator = make_generator()
    del generator.size_multiple
    with pytest.raises(ExportError, match="no attribute size_multiple"):
        export_saved_model(generator, tmp_path, metadata={})
    vectors = keras.Input((8,))
    dense = keras.Model(vectors, keras.layers.Dense(2)(vectors), name="dense")
    with pytest.raises(ExportError, match=r"input of 'dense' has shape \(None, 8\)"):
        export_saved_model(dense, tmp_path, metadata={})


def test_the_client_turns_photos_upright_and_the_server_takes_them(signatures, tmp_path):
    image = noise(10, 6, 3)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    path = tmp_path / "photo.tif"
    path.write_bytes(file_of(image, "TIFF", exif=exif))
    encoded = prepare(path)
    upright = np.asarray(Image.open(io.BytesIO(encoded)))
    np.testing.assert_array_equal(upright, np.rot90(image, -1))
    assert translate_bytes(signatures, [encoded])[0].shape == (6, 10, 3)
    assert Image.open(io.BytesIO(prepare(path, channels=1))).mode == "L"
