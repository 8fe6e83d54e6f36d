"""A page in headless Chromium, on both of its processors, with a script beside its own."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_OPTIONS = (
    "--headless --no-sandbox --no-first-run --disable-quic --disable-sync "
    "--disable-background-networking --disable-component-update --remote-debugging-port=0 "
    # WebGPU without a graphics processor.
    "--enable-unsafe-webgpu --use-webgpu-adapter=swiftshader --enable-features=Vulkan"
).split()


def chromium() -> str | None:
    """The browser's program; None where there is none."""
    return next((path for name in _PROGRAMS if (path := shutil.which(name))), None)


def tried_in_chromium(
    root: Path, page: str, script: str, *, seconds: float = 300
) -> dict[str, Any]:
    """Opens a page with a script beside its own, and returns what that posts.

    Args:
        root: Folder that is served.
        page: Address of the page below it.
        script: A module, `test.js` beside the page's own. It posts JSON to `/found`, as often as it
            likes, and at last to `/end`. After a post to `/close` nothing more is served. From
            `/clock` it gets the seconds of the processor that the browser used so far.
        seconds: How long it may take.

    Returns:
        What was posted, all together.

    Raises:
        RuntimeError: There is no Chromium, the script does not come to its end in time, or
            it posts an `error`.
    """
    program = chromium()
    if program is None:
        raise RuntimeError("there is no Chromium here (apt install chromium)")
    with _server(root, script) as server, tempfile.TemporaryDirectory() as profile:
        address = f"http://localhost:{server.server_port}/{page}"
        command = [program, *_OPTIONS, f"--user-data-dir={profile}", address]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        server.session = process.pid
        try:
            ended = server.ended.wait(seconds)
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()
    if not ended or "error" in server.found:
        error = server.found.get("error", f"no end after {seconds:g} s")
        raise RuntimeError(f"{error}; what came so far: {', '.join(server.found)}")
    return server.found


class _Server(ThreadingHTTPServer):
    def __init__(self, handler: Any):
        super().__init__(("127.0.0.1", 0), handler)
        self.found: dict[str, Any] = {}
        self.session = 0
        self.ended, self.closed = threading.Event(), False


@contextmanager
def _server(root: Path, script: str) -> Iterator[_Server]:
    server = _Server(partial(_Handler, script, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(SimpleHTTPRequestHandler):
    server: _Server

    def __init__(self, script: str, *args: Any, **options: Any):
        self._script = script
        super().__init__(*args, **options)

    def do_GET(self) -> None:
        if self.server.closed:
            self.close_connection = True
        elif self.path.endswith("/test.js"):
            self._answer(self._script.encode(), "text/javascript")
        elif self.path == "/clock":
            self._answer(str(_processor_seconds(self.server.session)).encode(), "text/plain")
        elif self.path.endswith("/"):
            page = Path(self.translate_path(self.path), "index.html").read_text(encoding="utf-8")
            script = '<script type="module" src="test.js"></script></head>'
            self._answer(page.replace("</head>", script).encode(), "text/html")
        else:
            super().do_GET()

    def do_POST(self) -> None:
        posted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.found.update(posted)
        self.server.closed |= self.path == "/close"
        self._answer(b"", "text/plain")
        if self.path == "/end":
            self.server.ended.set()

    def _answer(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def _processor_seconds(session: int) -> float:
    """Of all processes of a session, as Linux counts them."""
    ticks = 0
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):  # It has just ended.
            continue
        if int(fields[3]) == session:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
