"""Generators as TFLite with builtin operations only, and a normalisation that takes any size."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter

from tfi2i.layers import InstanceNormalization, ReflectionPadding2D
from tfi2i.networks import resnet, unet


def converted(model, folder, shape):
    """An interpreter of the model for inputs of one shape; fails on what is not builtin."""
    archive: Any = keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(
        "serve",
        lambda images: model(images, training=False),
        input_signature=[tf.TensorSpec(shape, tf.float32)],
    )
    archive.write_out(folder, verbose=False)
    converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["serve"])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    return Interpreter(model_content=converter.convert())


def run(interpreter, images):
    interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], images.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], images)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


@pytest.mark.parametrize(
    "build",
    [
        lambda: unet(
            depth=3,
            filters=8,
            dropout_at_inference=True,
            statistics_at_inference="image",
            attention_at=(1,),
            spectral=True,
        ),
        lambda: unet(depth=3, filters=8),
        lambda: resnet(blocks=1, filters=8, attention=True, spectral=True),
    ],
    ids=["unet with everything", "unet", "resnet with everything"],
)
def test_generators_convert_and_agree(build, tmp_path):
    model = build()
    for layer in model.layers:
        if layer.name.endswith("attention"):
            layer.gamma.assign(0.5)
    images = np.random.default_rng(0).uniform(-1, 1, (1, 16, 24, 3)).astype(np.float32)
    for _ in range(3):
        model(images, training=True)
    interpreter = converted(model, str(tmp_path / "saved"), images.shape)
    result = run(interpreter, images)
    np.testing.assert_allclose(result, model(images, training=False), atol=2e-5)
    assert np.std(result) > 1e-3
    ranks = [len(tensor["shape"]) for tensor in interpreter.get_tensor_details()]
    assert max(ranks) <= 4


def test_instance_norm_and_padding_take_another_size_after_conversion(tmp_path):
    inputs = keras.Input((None, None, 3))
    images = ReflectionPadding2D(2)(inputs)
    images = InstanceNormalization()(keras.layers.Conv2D(4, 3, padding="valid")(images))
    model = keras.Model(inputs, images)
    interpreter = converted(model, str(tmp_path / "saved"), (1, 16, 16, 3))
    for size in ((16, 16), (24, 10)):
        images = np.random.default_rng(0).normal(2.0, 3.0, (1, *size, 3)).astype(np.float32)
        np.testing.assert_allclose(run(interpreter, images), model(images), atol=2e-5)
