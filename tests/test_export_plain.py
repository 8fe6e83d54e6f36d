"""SavedModels for converters: tf2onnx and OpenVINO take them, and what they make answers as Keras.

OpenVINO and ONNX Runtime run in a process without TensorFlow, as where they are used.
"""

import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
import tf2onnx

from tfi2i.errors import ExportError
from tfi2i.export.drawing import Drawing
from tfi2i.export.drawing_fixed import plain_drawing
from tfi2i.export.generator import inference_generator
from tfi2i.export.opened import Opened, inference_generators
from tfi2i.export.plain import plain_translator, write_plain
from tiny_models import tiny_model

HEIGHT, WIDTH = 32, 41
# Each runs every folder and file that it is given on the arrays beside it.
PROGRAM = """
import json, sys
import numpy as np
import onnxruntime, openvino
assert "tensorflow" not in sys.modules
core = openvino.Core()
for folder, onnx, arrays, out in json.loads(sys.argv[1]):
    given = dict(np.load(arrays))
    session = onnxruntime.InferenceSession(onnx)
    by_onnx = session.run(None, {one.name: given[one.name] for one in session.get_inputs()})[0]
    model = core.compile_model(core.read_model(folder), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    by_openvino = model(given)[0]
    np.savez(out, onnx=by_onnx, openvino=by_openvino)
"""
# What converters do not know, wherever it stands in the signature's function.
UNWANTED = {
    "Assert",
    "If",
    "StatelessIf",
    "While",
    "StatelessWhile",
    "EnsureShape",
    "ReadVariableOp",
}
UNWANTED |= {"DecodePng", "StringFormat", "AsString", "TensorListReserve", "LookupTableFindV2"}


def floats(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)


def cases():
    """Name -> the signature, what is given, and what Keras makes of it."""
    found = {}
    model = tiny_model("cyclegan")
    generator = inference_generator(model.translator())
    images = floats(1, HEIGHT, WIDTH, 3)
    padded = np.pad(images, [(0, 0), (0, 0), (0, 3), (0, 0)], mode="reflect")
    made = generator.model(padded)[:, :, :WIDTH]
    found["cyclegan"] = plain_translator(generator, (HEIGHT, WIDTH)), {"images": images}, made

    model = tiny_model("stargan")
    opened = Opened.of(model, "translate")
    assert opened is not None
    (generator,) = inference_generators(opened)
    square = floats(1, 32, 32, 3)
    given = {"images": square, "domain": np.array([1], np.int64)}
    found["stargan"] = (
        plain_translator(generator, (32, 32)),
        given,
        model.translator("to_y")(square),
    )

    model = tiny_model("acgan")
    drawing = Drawing.of(
        model.generator,
        prior=model.latent_prior,
        gives=model.value_ranges["a"],
        condition="labels",
        classes=tuple(model.label_names),
    )
    given = {"latents": model.latents(1), "labels": np.array([1], np.int64)}
    found["acgan"] = plain_drawing(drawing), given, drawing.network(given)
    return found


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """Name -> the folder, Keras' images, and those of each runtime."""
    root, jobs, expected = tmp_path_factory.mktemp("plain"), [], {}
    for name, (signatures, given, made) in cases().items():
        folder, onnx = root / name, root / f"{name}.onnx"
        write_plain(signatures, folder, {}, {})
        run = tf.saved_model.load(str(folder)).signatures["serving_default"]
        specs = [tf.TensorSpec(one.shape, one.dtype, name=key) for key, one in given.items()]

        def named(*inputs, run=run, names=tuple(given)):
            return run(**dict(zip(names, inputs, strict=True)))["images"]

        tf2onnx.convert.from_function(
            tf.function(named), input_signature=specs, opset=17, output_path=str(onnx)
        )
        np.savez(root / f"{name}-given.npz", **given)
        expected[name] = folder, np.asarray(made)
        jobs.append([str(folder), str(onnx), f"{root}/{name}-given.npz", f"{root}/{name}-made.npz"])
    done = subprocess.run([sys.executable, "-c", PROGRAM, json.dumps(jobs)], capture_output=True)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return {
        name: (folder, made, dict(np.load(root / f"{name}-made.npz")))
        for name, (folder, made) in expected.items()
    }


@pytest.mark.parametrize("name", ["cyclegan", "stargan", "acgan"])
@pytest.mark.parametrize("runtime", ["onnx", "openvino"])
def test_what_is_converted_answers_as_keras(converted, name, runtime):
    _, made, found = converted[name]
    assert found[runtime].shape == made.shape
    np.testing.assert_allclose(found[runtime], made, atol=1e-4)


def test_its_signature_has_no_assertions_strings_or_control_flow(converted):
    for folder, _, _ in converted.values():
        run = tf.saved_model.load(str(folder)).signatures["serving_default"]
        definition = run.graph.as_graph_def()
        nodes = [*definition.node, *(n for f in definition.library.function for n in f.node_def)]
        assert not {node.op for node in nodes} & UNWANTED
        assert all(
            value.dtype != tf.string for op in run.graph.get_operations() for value in op.outputs
        )


def test_sizes_that_are_too_small_are_refused():
    generator = inference_generator(tiny_model("cyclegan").translator())
    with pytest.raises(ExportError, match="image width 4 .* takes 8 pixels or more"):
        plain_translator(generator, (8, 4))
