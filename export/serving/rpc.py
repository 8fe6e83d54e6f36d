"""A client of TF Serving's gRPC interface, by grpcio and protobuf alone."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tfi2i.errors import MissingExtraError
from tfi2i.export.serving.asking import ServingClient, ServingError, readable
from tfi2i.export.serving.messages import CLASSES, STATES, Value, predict_request, value_of


class GrpcClient(ServingClient):
    """Asks one model over gRPC: arrays go as their bytes.

    It is a context manager, which closes the connection.

    Example:
        from tfi2i.export.serving.rpc import GrpcClient

        with GrpcClient("cyclegan-a2b", "localhost:8500") as client:
            images = client.ask("serving_uint8", {"images": images})  # uint8 (B, H, W, 3)
    """

    def __init__(self, model: str, address: str = "localhost:8500", *, timeout_s: float = 60.0):
        """Takes the model's name and the server's address.

        Raises:
            MissingExtraError: grpcio is not installed.
        """
        super().__init__(model, timeout_s)
        try:
            import grpc
        except ImportError:
            raise MissingExtraError("A client of gRPC", "grpcio", None) from None
        self._grpc, self._address = grpc, address
        # Without limits on our side: the default is 4 MiB, which a photo's numbers exceed.
        options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
        self._channel = grpc.insecure_channel(address, options=options)
        self._predict = self._method("PredictionService/Predict", "Predict")
        self._status = self._method("ModelService/GetModelStatus", "Status")

    def __enter__(self) -> "GrpcClient":
        """Returns itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the connection."""
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def ask(
        self, signature: str, inputs: Mapping[str, Value], version: int | None = None
    ) -> np.ndarray | list[bytes]:
        """See `ServingClient.ask`."""
        request = predict_request(self.model, signature, inputs, version)
        (output,) = self._answer(self._predict, request).outputs
        return value_of(output.value)

    def versions(self) -> dict[int, str]:
        """See `ServingClient.versions`."""
        request = CLASSES["StatusRequest"]()
        request.model_spec.name = self.model
        found = self._answer(self._status, request).versions
        return {one.version: STATES.get(one.state, str(one.state)) for one in found}

    def _method(self, path: str, messages: str) -> Callable[..., Any]:
        return self._channel.unary_unary(
            f"/tensorflow.serving.{path}",
            request_serializer=CLASSES[f"{messages}Request"].SerializeToString,
            response_deserializer=CLASSES[f"{messages}Response"].FromString,
        )

    def _answer(self, method: Callable[..., Any], request: Any) -> Any:
        try:
            return method(request, timeout=self.timeout_s)
        except self._grpc.RpcError as error:
            code = error.code().name
            if code in ("UNAVAILABLE", "DEADLINE_EXCEEDED"):
                message = f"no answer from {self._address}: {error.details()}"
                raise ServingError(message, code) from error
            raise ServingError(f"{self.model}: {readable(error.details())}", code) from error
