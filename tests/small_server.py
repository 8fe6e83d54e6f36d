"""A small server in TF Serving's place, for tests and `benchmarks.serving`; never for users.

It loads the newest version below each model of `models.config` by TensorFlow's own loader, runs its
warm-up requests, and then answers from it: over gRPC by the stubs of tensorflow-serving-api, and
over REST in the documented JSON. The old version goes when its last request has been answered; a
version that cannot be loaded never answers.
"""

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_log_pb2,
    prediction_service_pb2_grpc,
)
from tensorflow_serving.config import model_server_config_pb2

_HTTP = {"NOT_FOUND": 404, "INVALID_ARGUMENT": 400}
WARMUP = Path("assets.extra") / "tf_serving_warmup_requests"
# From a signature to what answers in its place: how the benchmark puts requests together.
Wrap = Callable[[Path, Any], Callable[..., Mapping[str, tf.Tensor]]]


class Refused(Exception):
    """A request that gets no answer: the name of gRPC's status, and words."""

    def __init__(self, status: str, message: str):
        super().__init__(message)
        self.status = status


class Version:
    """One loaded version of a model."""

    def __init__(self, folder: Path, warm_up: bool = True, wrap: Wrap | None = None):
        self.number = int(folder.name)
        self._loaded = tf.saved_model.load(str(folder))  # Its variables live as long as this.
        self._signatures = dict(self._loaded.signatures)
        self._answers = {
            name: wrap(folder, one) if wrap else one for name, one in self._signatures.items()
        }
        if warm_up and (folder / WARMUP).is_file():
            for record in tf.data.TFRecordDataset(str(folder / WARMUP)):
                log = prediction_log_pb2.PredictionLog.FromString(record.numpy())
                request = log.predict_log.request
                self.run(request.model_spec.signature_name, tensors_of(request))

    def dtypes(self, signature: str) -> dict[str, tf.DType]:
        """What a signature takes."""
        if signature not in self._signatures:
            raise Refused("INVALID_ARGUMENT", f'Serving signature name: "{signature}" not found')
        taken = self._signatures[signature].structured_input_signature[1]
        return {name: spec.dtype for name, spec in taken.items()}

    def run(self, signature: str, inputs: Mapping[str, tf.Tensor]) -> dict[str, np.ndarray]:
        """The outputs of a signature."""
        dtypes = self.dtypes(signature)
        if set(inputs) != set(dtypes):
            told = f"input size does not match signature: {sorted(inputs)} vs {sorted(dtypes)}"
            raise Refused("INVALID_ARGUMENT", told)
        for name, one in inputs.items():
            if one.dtype != dtypes[name]:
                told = f"{name} expects {dtypes[name].name}, got {one.dtype.name}"
                raise Refused("INVALID_ARGUMENT", told)
        try:
            outputs = self._answers[signature](**inputs)
        except (tf.errors.InvalidArgumentError, TypeError, ValueError) as error:
            # Python puts a title before what a server says.
            words = str(error).split("<stack traces unavailable>\n")[-1]
            raise Refused("INVALID_ARGUMENT", words) from error
        return {name: one.numpy() for name, one in outputs.items()}


def tensors_of(request: predict_pb2.PredictRequest) -> dict[str, tf.Tensor]:
    """The inputs of a request."""
    return {name: tf.constant(tf.make_ndarray(one)) for name, one in request.inputs.items()}


class SmallServer:
    """Serves what a folder's `models.config` names, from that folder in place of /models.

    Attributes:
        rest: Address of the REST interface.
        grpc: Address of the gRPC interface.
    """

    def __init__(self, folder: Path, *, warm_up: bool = True, wrap: Wrap | None = None):
        config = model_server_config_pb2.ModelServerConfig()
        text_format.Parse((folder / "models.config").read_text(), config)
        self._folders = {
            one.name: folder / Path(one.base_path).relative_to("/models")
            for one in config.model_config_list.config
        }
        self._options = {"warm_up": warm_up, "wrap": wrap}
        self._newest: dict[str, Version] = {}
        self._broken: dict[str, set[int]] = {name: set() for name in self._folders}
        self.look()
        self._stopped = threading.Event()
        self._grpc = grpc.server(
            ThreadPoolExecutor(64), options=[("grpc.max_receive_message_length", -1)]
        )
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(_Rpc(self), self._grpc)
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(_Rpc(self), self._grpc)
        self.grpc = f"127.0.0.1:{self._grpc.add_insecure_port('127.0.0.1:0')}"
        self._http = _Http(("127.0.0.1", 0), type("Handler", (_Handler,), {"served": self}))
        self.rest = f"http://127.0.0.1:{self._http.server_port}"

    @contextmanager
    def running(self, poll_s: float = 0.1) -> Iterator["SmallServer"]:
        """Answers, and looks for new versions, until the context ends."""
        watch = threading.Thread(target=self._watch, args=(poll_s,))
        serve = threading.Thread(target=self._http.serve_forever, args=(0.05,))
        self._grpc.start()
        for thread in (watch, serve):
            thread.start()
        try:
            yield self
        finally:
            self._stopped.set()
            self._http.shutdown()
            self._http.server_close()
            self._grpc.stop(None).wait()
            for thread in (watch, serve):
                thread.join()

    def look(self) -> None:
        """Loads the newest versions that are not loaded."""
        for name, folder in self._folders.items():
            numbers = [int(one.name) for one in folder.iterdir() if one.name.isdecimal()]
            newest = max(set(numbers) - self._broken[name])
            if name not in self._newest or self._newest[name].number != newest:
                try:
                    self._newest[name] = Version(folder / str(newest), **self._options)
                except (OSError, ValueError, tf.errors.OpError):
                    self._broken[name].add(newest)

    def _watch(self, poll_s: float) -> None:
        while not self._stopped.wait(poll_s):
            self.look()

    def version(self, name: str, number: int | None = None) -> Version:
        """A model's newest version."""
        found = self._newest.get(name)
        if found is None or number not in (None, found.number):
            raise Refused("NOT_FOUND", f"Servable not found for request: Latest({name})")
        return found


class _Rpc(
    prediction_service_pb2_grpc.PredictionServiceServicer,
    model_service_pb2_grpc.ModelServiceServicer,
):
    """Both services over gRPC."""

    def __init__(self, served: SmallServer):
        self._served = served

    def Predict(self, request: Any, context: Any) -> Any:
        spec, answer = request.model_spec, predict_pb2.PredictResponse()
        try:
            version = self._served.version(spec.name, spec.version.value or None)
            signature = spec.signature_name or "serving_default"
            outputs = version.run(signature, tensors_of(request))
        except Refused as error:
            context.abort(grpc.StatusCode[error.status], str(error))
            raise
        for name, value in outputs.items():
            # In fields and not as bytes, as TF Serving answers unless it is told otherwise.
            answer.outputs[name].CopyFrom(tf.make_tensor_proto(value))
        return answer

    def GetModelStatus(self, request: Any, context: Any) -> Any:
        try:
            version = self._served.version(request.model_spec.name)
        except Refused as error:
            context.abort(grpc.StatusCode[error.status], str(error))
            raise
        answer = get_model_status_pb2.GetModelStatusResponse()
        answer.model_version_status.add(version=version.number, state="AVAILABLE")
        return answer


class _Http(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


class _Handler(BaseHTTPRequestHandler):
    """The REST interface as tensorflow_serving/g3doc/api_rest.md has it."""

    served: SmallServer

    def do_GET(self) -> None:
        self._reply(lambda name, number, _: _status(self.served.version(name, number)))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._reply(lambda name, number, _: _predicted(self.served.version(name, number), body))

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def _reply(self, answer: Callable[..., dict[str, Any]]) -> None:
        path, _, verb = self.path.partition(":")
        parts = path.strip("/").split("/")  # v1 models NAME [versions NUMBER]
        status = 200
        try:
            found = answer(parts[2], int(parts[4]) if len(parts) > 4 else None, verb)
        except Refused as error:
            status, found = _HTTP[error.status], {"error": str(error)}
        content = json.dumps(found).encode()
        with suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)


def _status(version: Version) -> dict[str, Any]:
    status = {"error_code": "OK", "error_message": ""}
    one = {"version": str(version.number), "state": "AVAILABLE", "status": status}
    return {"model_version_status": [one]}


def _predicted(version: Version, body: bytes) -> dict[str, Any]:
    try:
        request = json.loads(body)
    except ValueError as error:
        raise Refused("INVALID_ARGUMENT", f"JSON Parse error: {error}") from error
    rows = "instances" in request
    if rows == ("inputs" in request):
        raise Refused("INVALID_ARGUMENT", "give one of instances and inputs")
    signature = request.get("signature_name", "serving_default")
    dtypes, given = version.dtypes(signature), request["instances" if rows else "inputs"]
    if rows and _is_named(given[0]):
        given = {name: [row[name] for row in given] for name in given[0]}
    if not _is_named(given):
        (only,) = dtypes
        given = {only: given}
    inputs = {name: _tensor(one, dtypes.get(name, tf.float32)) for name, one in given.items()}
    ((name, output),) = version.run(signature, inputs).items()
    encoded = (
        [{"b64": base64.b64encode(one).decode()} for one in output]
        if name.endswith("_bytes")
        else output.tolist()
    )
    return {"predictions" if rows else "outputs": encoded}


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and set(value) != {"b64"}


def _tensor(value: Any, dtype: tf.DType) -> tf.Tensor:
    try:
        if dtype == tf.string:
            return tf.constant([base64.b64decode(one["b64"], validate=True) for one in value])
        return tf.constant(np.array(value, dtype.as_numpy_dtype))
    except (ValueError, TypeError, OverflowError) as error:
        raise Refused("INVALID_ARGUMENT", f"JSON Value: {error}") from error


def wait_until(happened: Callable[[], bool], seconds: float = 60.0) -> None:
    """Waits; fails where it does not happen."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
