"""The limit of a served generator follows from its own tensors; figures by hand."""

import struct

import keras
import pytest
import tensorflow as tf

from tfi2i import layers
from tfi2i.export import export_saved_model, growth, read_metadata
from tfi2i.export.growth import Load, graph_load, largest_image

PIXEL = 3 * 4  # bytes of three channels in float32


def test_tensors_are_held_until_their_last_use():
    def chain(image):
        return tf.exp(tf.exp(tf.exp(image)))

    def kept(image):
        first = tf.exp(image)
        return tf.exp(tf.exp(first)) + first

    image = 8 * 8 * PIXEL
    # Two in every step of the chain; of the other, what comes first stays to the end.
    assert graph_load(chain, (8, 8, 3)) == Load(held=2 * image, written=3 * image)
    assert graph_load(kept, (8, 8, 3)) == Load(held=3 * image, written=4 * image)


def test_what_grows_with_the_pixels_is_limited_by_memory():
    pixels = largest_image(
        lambda image: tf.exp(tf.exp(image)),
        channels=3,
        size_multiple=1,
        memory_bytes=1000 * PIXEL,
    )
    # Two images at once, each counted twice.
    assert pixels == pytest.approx(250, abs=1)


def test_what_grows_with_their_square_is_limited_much_earlier(monkeypatch):
    def scores(image):
        places = tf.reshape(image, [-1, 1])
        return tf.matmul(places, places, transpose_b=True)

    monkeypatch.setattr(growth, "SIDES", (16, 32))
    options = {"channels": 1, "size_multiple": 1}
    pixels = largest_image(scores, **options, memory_bytes=2 * 1000**2 * 4)
    assert pixels == pytest.approx(1000, abs=1)
    monkeypatch.setattr(growth, "WRITTEN_BYTES", 500**2 * 4)
    pixels = largest_image(scores, **options, memory_bytes=1 << 40)
    assert pixels == pytest.approx(500, abs=1)


@pytest.mark.parametrize("attention", [False, True])
def test_an_export_knows_its_limit(tmp_path, monkeypatch, attention):
    images = keras.Input((None, None, 3))
    x = keras.layers.Conv2D(16, 4, strides=4, padding="same")(images)
    x = layers.SelfAttention()(x) if attention else x
    generator = keras.Model(images, keras.layers.Conv2DTranspose(3, 4, strides=4)(x), name="g")
    generator.size_multiple = 4
    version = export_saved_model(generator, tmp_path, metadata={})
    limit = read_metadata(version)["export"]["max_pixels"]
    serve = tf.saved_model.load(str(version)).signatures["serving_bytes"]
    # A sixteenth of the pixels looks at a quarter of that: 16 bytes and more a pair, of 48 GiB.
    assert (limit < (48 << 30) ** 0.5 * 16) == attention
    header = struct.pack(">II", limit // 4096 + 1, 4096)
    bomb = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + header + b"\x08\x02\x00\x00\x00"
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"at most {limit} pixels"):
        serve(encoded=tf.constant([bomb]))
