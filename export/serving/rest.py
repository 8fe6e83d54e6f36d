"""A client of TF Serving's REST interface, by the standard library."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

import numpy as np

from tfi2i.export.serving.asking import ServingClient, ServingError, readable
from tfi2i.export.serving.messages import Value


class RestClient(ServingClient):
    """Asks one model over REST.

    Images as arrays become JSON numbers, which is slow: files (`translate`, `serving_bytes`) and
    gRPC are for more than a few. Answers of numbers come as float32.

    Example:
        from tfi2i.export.serving.rest import RestClient

        png = RestClient("cyclegan-a2b", "http://localhost:8501").translate("photo.jpg")
    """

    def __init__(
        self, model: str, address: str = "http://localhost:8501", *, timeout_s: float = 60.0
    ):
        """Takes the model's name and the server's address."""
        super().__init__(model, timeout_s)
        self._place = f"{address.rstrip('/')}/v1/models/{model}"

    def ask(
        self, signature: str, inputs: Mapping[str, Value], version: int | None = None
    ) -> np.ndarray | list[bytes]:
        """See `ServingClient.ask`."""
        sent = {name: _to_json(value) for name, value in inputs.items()}
        which = "" if version is None else f"/versions/{version}"
        body = {"signature_name": signature, "inputs": sent}
        answer = self._answer(f"{which}:predict", json.dumps(body).encode())["outputs"]
        if answer and isinstance(answer[0], dict):
            return [base64.b64decode(one["b64"]) for one in answer]
        return np.asarray(answer, np.float32)

    def versions(self) -> dict[int, str]:
        """See `ServingClient.versions`."""
        found = self._answer("", None)["model_version_status"]
        return {int(one["version"]): one["state"] for one in found}

    def _answer(self, path: str, body: bytes | None) -> Any:
        request = urllib.request.Request(
            self._place + path, body, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_s) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode(errors="replace")
            raise ServingError(f"{self.model}: {_reason(text)}", error.code) from error
        except OSError as error:
            raise ServingError(f"no answer from {self._place}: {error}", None) from error


def _to_json(value: Value) -> list[Any]:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return [{"b64": base64.b64encode(one).decode()} for one in value]


def _reason(text: str) -> str:
    """What the server says of a refusal; others between may answer in another form."""
    try:
        return readable(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text.strip()[:500]
