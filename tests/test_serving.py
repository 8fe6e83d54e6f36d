"""What an export writes for TF Serving, asked over REST and gRPC by the clients that ship with it.

The server is tests/small_server.py; its stubs and messages are those of tensorflow-serving-api.
"""

import re
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf
import yaml
from PIL import Image
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

from small_server import WARMUP, SmallServer, Version, wait_until
from tfi2i.data import read_image
from tfi2i.errors import ExportError
from tfi2i.export import shipping
from tfi2i.export.drawing_shipping import ship_drawing
from tfi2i.export.serving import messages
from tfi2i.export.serving.asking import ServingError
from tfi2i.export.serving.beside import IMAGE
from tfi2i.export.serving.rest import RestClient
from tfi2i.export.serving.rpc import GrpcClient
from tfi2i.export.shipping import Wanted, ship
from tiny_models import SIZE, tiny_model

TRANSLATES, DRAWS = "bicyclegan-a2b", "acgan-sample"
WANTED = Wanted(formats=("saved_model",), size=SIZE, metadata={}, precision="float32")


def noise(*shape, seed=1):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture(scope="module")
def translator():
    return tiny_model("bicyclegan")


@pytest.fixture(scope="module")
def generator():
    return tiny_model("acgan")


@pytest.fixture(scope="module")
def shipped(translator, generator, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shipped")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shipping, "OTHER_SIZES", ())  # Large ones are compared elsewhere.
        ship(translator, folder, {"a2b": noise(2, SIZE, SIZE, 3)}, WANTED)
    ship_drawing(generator, folder, WANTED)
    return folder


@pytest.fixture(scope="module")
def server(shipped):
    with SmallServer(shipped / "saved_model").running() as running:
        yield running


@pytest.fixture(scope="module")
def clients(server):
    """Model -> one of each kind."""
    grpc = {name: GrpcClient(name, server.grpc) for name in (TRANSLATES, DRAWS)}
    yield {name: (RestClient(name, server.rest), grpc[name]) for name in grpc}
    for client in grpc.values():
        client.close()


# --- files ---


def test_the_folder_has_what_a_server_is_started_with(shipped, server):
    """The small server has parsed models.config with the published message."""
    flags = {
        "--model_config_file=/models/models.config",
        "--model_config_file_poll_wait_seconds=60",
        "--enable_batching",
        "--enable_per_model_batching_parameters",
    }
    service = yaml.safe_load((shipped / "compose.yaml").read_text())["services"]["serving"]
    assert service["image"] == IMAGE and {*service["command"]} == flags
    (volume,) = service["volumes"]
    assert (shipped / volume.split(":")[0] / "models.config").is_file()
    assert {port.rsplit(":", 1)[1] for port in service["ports"]} == {"8500", "8501"}
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    for name in (TRANSLATES, DRAWS):
        # Requests with a class that is not there would fail those that are put with them.
        assert not (shipped / "saved_model" / name / "1" / "batching_params.pbtxt").exists()
        text = (shipped / "saved_model" / name / "README.md").read_text()
        (command,) = re.findall(r"docker run .*?(?=\n```)", text, re.DOTALL)
        assert {*command.split()} >= {*flags, IMAGE, "$PWD/saved_model:/models:ro".join('""')}
    assert sorted(path.name for path in shipped.iterdir()) == [
        "compose.yaml",
        "parity.json",
        "saved_model",
    ]


def test_warm_up_requests_are_for_every_signature(shipped):
    for name, signatures in {
        TRANSLATES: {
            "default": 2,
            "latents": 2,
            "uint8": 2,
            "uint8_latents": 2,
            "bytes": 4,
            "bytes_latents": 4,
        },
        DRAWS: {"default": 1, "seeds": 1, "png": 1},
    }.items():
        records = list(tf.data.TFRecordDataset(str(shipped / "saved_model" / name / "1" / WARMUP)))
        logs = [prediction_log_pb2.PredictionLog.FromString(one.numpy()) for one in records]
        specs = [log.predict_log.request.model_spec for log in logs]
        assert {spec.name for spec in specs} == {name}
        asked = [spec.signature_name.removeprefix("serving_") for spec in specs]
        assert {one: asked.count(one) for one in asked} == signatures
        assert sum(len(one.numpy()) for one in records) < 50_000


@pytest.mark.fault("25")
def test_what_is_warm_answers_at_once(shipped):
    """Of the processor's seconds: the machine may be busy with other things."""

    def first(warm_up):
        version = Version(shipped / "saved_model" / DRAWS / "1", warm_up=warm_up)
        asked = {"seeds": tf.constant([1], tf.int64), "labels": tf.constant([0], tf.int64)}
        start = time.process_time()
        version.run("serving_png", asked)
        return time.process_time() - start

    assert first(warm_up=True) < first(warm_up=False)


def test_messages_are_those_that_are_published():
    values = {
        "a": noise(2, 3, 1),
        "b": np.array([[1.5, -2.0]], np.float32),
        "c": np.array([-(2**40)], np.int64),
        "d": np.array([65535], np.uint16),
        "e": [b"\x00\xff", b""],
        "f": messages.constant((2, 3), "float32", 0.5),
    }
    made = messages.predict_request("m", "s", values, version=7).SerializeToString()
    request = predict_pb2.PredictRequest.FromString(made)
    spec = request.model_spec
    assert (spec.name, spec.signature_name, spec.version.value) == ("m", "s", 7)
    for name, value in values.items():
        found = tf.make_ndarray(request.inputs[name])
        wanted = np.full((2, 3), 0.5, np.float32) if name == "f" else value
        np.testing.assert_array_equal(found, np.array(wanted, object) if name == "e" else wanted)
        assert name == "e" or found.dtype == wanted.dtype
        # And back, in both forms in which a server may answer.
        answer = predict_pb2.PredictResponse()
        answer.outputs[name].CopyFrom(tf.make_tensor_proto(wanted))
        ours = messages.CLASSES["PredictResponse"].FromString(answer.SerializeToString())
        np.testing.assert_array_equal(messages.value_of(ours.outputs[0].value), wanted)
        fields = messages.value_of(_in_fields(wanted)) if name != "e" else wanted
        np.testing.assert_array_equal(fields, wanted)
    with pytest.raises(ExportError, match="float32, int32, uint8, int64, uint16 and bytes, not"):
        messages.tensor(np.zeros(3))


def _in_fields(value):
    """A tensor whose numbers are not bytes, as TF Serving answers."""
    proto = tf.make_tensor_proto(value.tolist(), value.dtype, value.shape)
    proto.ClearField("tensor_content")
    field = {"float32": "float_val", "int64": "int64_val"}.get(value.dtype.name, "int_val")
    proto.ClearField(field)
    getattr(proto, field).extend(value.reshape(-1).tolist())
    return messages.CLASSES["Tensor"].FromString(proto.SerializeToString())


# --- answers ---


def test_pasted_requests_give_the_pictures_of_keras(
    shipped, server, translator, generator, tmp_path
):
    if shutil.which("curl") is None:
        pytest.skip("there is no curl to paste requests with")
    picture = noise(20, 31, 3)
    Image.fromarray(picture).save(tmp_path / "photo.jpg", quality=95)
    for name in (TRANSLATES, DRAWS):
        text = (shipped / "saved_model" / name / "README.md").read_text()
        (_, request) = re.findall(r"```sh\n(.*?)\n```", text, re.DOTALL)
        command = request.replace("http://localhost:8501", server.rest)
        subprocess.run(["bash", "-ec", f"set -o pipefail\n{command}"], cwd=tmp_path, check=True)
    expected = translator.translate(tmp_path / "photo.jpg").astype(int)
    assert np.abs(read_image(tmp_path / "translated.png") - expected).max() <= 1
    assert read_image(tmp_path / "drawn.png").shape == (SIZE, SIZE, 3)


def test_clients_get_what_keras_makes(clients, translator, generator):
    images = noise(2, 24, 16, 3)
    latents = np.random.default_rng(0).normal(size=(2, translator.latent_length))
    alone, asked = translator.translate_batch(images), translator.sample(images, latents)
    for client in clients[TRANSLATES]:
        answer = client.ask("serving_uint8", {"images": images})
        assert np.abs(answer.astype(int) - alone).max() <= 1
        inputs = {"images": images, "latents": latents.astype(np.float32)}
        answer = client.ask("serving_uint8_latents", inputs)
        assert np.abs(answer.astype(int) - asked).max() <= 1
        floats = client.ask("serving_default", {"images": images.astype(np.float32)})
        assert floats.dtype == np.float32 and np.abs(floats - alone).max() <= 0.51
        png = client.translate(_png(images[0]), latents=latents[0])
        assert np.abs(read_image(png).astype(int) - asked[0]).max() <= 1
        assert client.versions() == {1: "AVAILABLE"}
        np.testing.assert_array_equal(
            client.ask("serving_uint8", {"images": images}, 1), answer_of(client, images)
        )
    labels = np.array([1, 0])
    drawn = [client.draw([4, 5], labels=labels) for client in clients[DRAWS]]
    assert drawn[0] == drawn[1] and drawn[0][0] != drawn[0][1]
    assert read_image(drawn[0][0]).shape == (SIZE, SIZE, generator.channels)


def answer_of(client, images):
    return client.ask("serving_uint8", {"images": images})


def _png(image):
    return tf.io.encode_png(image).numpy()


@pytest.mark.parametrize(
    ("signature", "inputs", "words"),
    [
        ("serving_bytes", {"encoded": [b"no image"]}, "index 0 is neither PNG nor JPEG"),
        ("serving_uint8", {"images": noise(8, 8, 3)}, r"\[8,8,3\] is not .* \[\?,\?,\?,3\]\.$"),
        ("serving_uint8", {"images": noise(1, 8, 8, 4)}, r"\[1,8,8,4\] is not compatible"),
        ("serving_uint8", {"pictures": noise(1, 8, 8, 3)}, "does not match signature"),
        ("serving_uint8_style", {"images": noise(1, 8, 8, 3)}, "serving_uint8_style.* not found"),
        (
            "serving_uint8_latents",
            {"images": noise(2, 8, 8, 3), "latents": np.zeros((1, 8), np.float32)},
            r"2 image\(s\) and 1 of latents: give one for each",
        ),
        (
            "serving_uint8_latents",
            {"images": noise(1, 8, 8, 3), "latents": np.full((1, 8), np.nan, np.float32)},
            "latents have 8 values that are not finite",
        ),
    ],
)
@pytest.mark.fault("20")
def test_wrong_inputs_are_refused_in_words(clients, signature, inputs, words):
    for client, code in zip(clients[TRANSLATES], (400, "INVALID_ARGUMENT"), strict=True):
        with pytest.raises(ServingError, match=words) as refused:
            client.ask(signature, inputs)
        assert refused.value.code == code and str(refused.value).startswith(TRANSLATES)
        assert client.ask("serving_uint8", {"images": noise(1, 8, 8, 3)}).shape == (1, 8, 8, 3)


def test_classes_and_models_that_are_not_there(clients, server):
    for client in clients[DRAWS]:
        with pytest.raises(ServingError, match="labels are from 0 to 1"):
            client.draw([1], labels=[2])
        with pytest.raises(ServingError, match=r"2 latent.s. or seed.s. and 1 of labels"):
            client.draw([1, 2], labels=[0])
    for client, code in (
        (RestClient("none", server.rest), 404),
        (GrpcClient("none", server.grpc), "NOT_FOUND"),
    ):
        with pytest.raises(ServingError, match="none: Servable not found") as refused:
            client.versions()
        assert refused.value.code == code
    for client in (RestClient("m", "http://127.0.0.1:9"), GrpcClient("m", "127.0.0.1:9")):
        with pytest.raises(ServingError, match="no answer from"):
            client.versions()


@pytest.mark.fault("21")
def test_fifty_clients_at_once_get_what_one_gets(clients):
    images = noise(50, 16, 16, 3)
    rest, grpc = clients[TRANSLATES]
    expected = grpc.ask("serving_uint8", {"images": images})

    def ask(number):
        client = (rest, grpc)[number % 2]
        return client.ask("serving_uint8", {"images": images[number : number + 1]})[0]

    with ThreadPoolExecutor(50) as pool:
        found = list(pool.map(ask, range(50)))
    np.testing.assert_array_equal(np.stack(found), expected)


@pytest.mark.fault("22")
def test_a_version_is_swapped_under_load_and_no_request_fails(clients, shipped, generator):
    """The next version comes from an export; one that is broken never answers."""
    rest, grpc = clients[DRAWS]
    old = grpc.draw([3], labels=[0])
    answers, stop = [], threading.Event()

    def ask(number):
        while not stop.is_set():
            answers.append((rest, grpc)[number % 2].draw([3], labels=[0]))

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask, number) for number in range(4)]
        try:
            for variable in generator.generator.trainable_variables:
                variable.assign(-variable)
            ship_drawing(generator, shipped, WANTED)
            wait_until(lambda: grpc.versions() == {2: "AVAILABLE"})
            new = grpc.draw([3], labels=[0])
            broken = shipped / "saved_model" / DRAWS / "3"
            broken.mkdir()
            (broken / "saved_model.pb").write_bytes(b"cut off")
            seen = len(answers)
            wait_until(lambda: len(answers) > seen + 8)
        finally:
            stop.set()
        for one in asking:
            one.result()  # Raises where a request failed.
    assert new != old and {one[0] for one in answers} == {old[0], new[0]}
    assert answers[0] == old and grpc.versions() == {2: "AVAILABLE"}


def test_the_clients_need_neither_tensorflow_nor_keras(server, tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(_png(noise(9, 12, 3)))
    program = (
        "import sys\n"
        "for heavy in ('tensorflow', 'keras', 'h5py', 'rich', 'typer', 'yaml'):\n"
        "    sys.modules[heavy] = None\n"  # Importing it raises.
        "from tfi2i.export.serving.rest import RestClient\n"
        "from tfi2i.export.serving.rpc import GrpcClient\n"
        "rest, grpc, path = sys.argv[1:]\n"
        f"one = RestClient('{TRANSLATES}', rest).translate(path)\n"
        f"with GrpcClient('{TRANSLATES}', grpc) as client:\n"
        "    assert one == client.translate(path)\n"
        "sys.stdout.buffer.write(one)\n"
    )
    command = [sys.executable, "-c", program, server.rest, server.grpc, str(path)]
    done = subprocess.run(command, capture_output=True, check=True)
    assert read_image(done.stdout).shape == (9, 12, 3)
