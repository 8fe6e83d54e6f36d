"""Commands and programs in processes of their own that start in a moment.

Python with TensorFlow takes four seconds of a processor to start, and the suite starts dozens of
such processes. So one process is forked from pytest's while nothing but imports has happened in it,
and waits; each process that a test asks for is a fork of that one. It has the same modules, its own
environment, folder, arguments and streams, and is stopped and waited for like any other.
Where the start itself is what is tested, tests use `subprocess`.
"""

import atexit
import contextlib
import gc
import io
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

_LONGEST = 1 << 20


class Forked:
    """A process, with what tests use of `subprocess.Popen`.

    Attributes:
        pid: Its number.
        returncode: None while it runs; negative for a signal.
        peak_memory: In KiB, when it has ended.
        stdout: What it writes, as text, its errors too.
    """

    def __init__(self, pid: int, status: IO[str], stdout: IO[str]):
        self.pid, self._status, self.stdout = pid, status, stdout
        self.returncode: int | None = None
        self.peak_memory = 0

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        if self.returncode is None:
            os.set_blocking(self._status.fileno(), False)
            self._hear()
        return self.returncode

    def wait(self) -> int:
        """Waits for its end; returns the exit code."""
        if self.returncode is None:
            os.set_blocking(self._status.fileno(), True)
            self._hear()
        assert self.returncode is not None, "the process that forks has ended"
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Sends a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def communicate(self) -> str:
        """All that it writes to its end."""
        with self.stdout:
            said = self.stdout.read()
        self.wait()
        return said

    def _hear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            said = os.read(self._status.fileno(), 64).split()
            if said:
                self.returncode, self.peak_memory = map(int, said)
                self._status.close()


class Forking:
    """Forks processes that have imported what this one has.

    Make it before TensorFlow has run an operation: threads are not forked.
    """

    def __init__(self) -> None:
        self._here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        if os.fork() == 0:
            _serve(there)
        there.close()

    def start(
        self,
        *command: str | Path,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> Forked:
        """Starts what `python *command` would.

        Args:
            *command: `-m` and a module's name, or `-c` and a program, and words after it.
            environment: All variables, None for those of this process.
            folder: Where it runs, None for here.
        """
        asked = _asked(*command, environment=environment, folder=folder)
        said, says = os.pipe()
        process = Forked(*self._forked(asked, says, says), open(said, encoding="utf-8"))
        os.close(says)
        return process

    def run(self, *command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        """As `start`, and waits for its end; what it writes is kept apart from its errors."""
        asked = _asked(*command, **options)
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            pid, status = self._forked(asked, output.fileno(), errors.fileno())
            code = Forked(pid, status, io.StringIO()).wait()
            said = [os.pread(one.fileno(), _LONGEST, 0).decode() for one in (output, errors)]
        return subprocess.CompletedProcess(command, code, *said)

    def _forked(self, asked: bytes, output: int, errors: int) -> tuple[int, IO[str]]:
        status, tells = os.pipe()
        socket.send_fds(self._here, [asked], [output, errors, tells])
        os.close(tells)
        return int(os.read(status, 16)), open(status)


def _asked(
    *command: str | Path,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> bytes:
    asked = {
        "command": [str(one) for one in command],
        "environment": dict(os.environ if environment is None else environment),
        "folder": str(folder or Path.cwd()),
    }
    return json.dumps(asked).encode()


def _serve(asked: socket.socket) -> None:
    """Forks for each message, until the other end is closed."""
    _close_all_but(asked.fileno())
    # Children of this process are waited for by nobody else.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    while True:
        message, files, _, _ = socket.recv_fds(asked, _LONGEST, 3)
        if not message:
            os._exit(0)
        if os.fork() == 0:
            asked.close()
            _keep(json.loads(message), *files)
        for file in files:
            os.close(file)


def _keep(asked: dict, output: int, errors: int, tells: int) -> None:
    """Forks what was asked for, and tells its number and how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        os.close(tells)
        _become(asked, output, errors)
    os.close(output)
    os.close(errors)
    os.write(tells, f"{pid:16}".encode())
    _, status, usage = os.wait4(pid, 0)
    with contextlib.suppress(BrokenPipeError):
        os.write(tells, f"{os.waitstatus_to_exitcode(status)} {usage.ru_maxrss}".encode())
    os._exit(0)


def _become(asked: dict, output: int, errors: int) -> None:
    """Runs the program as Python would, and ends."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for stream, file in ((1, output), (2, errors)):
        os.dup2(file, stream)
        os.close(file)
    sys.stdout, sys.stderr = (io.TextIOWrapper(io.FileIO(n, "w"), "utf-8") for n in (1, 2))
    code = 1
    try:
        os.environ.clear()
        os.environ.update(asked["environment"])
        os.chdir(asked["folder"])
        atexit._clear()  # of pytest
        _run(*asked["command"])
        code = 0
    except SystemExit as ended:
        code = _exit_code(ended)
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run(switch: str, program: str, *arguments: str) -> None:
    assert switch in ("-m", "-c")
    sys.argv = [program if switch == "-m" else switch, *arguments]
    if switch == "-m":
        runpy.run_module(program, run_name="__main__", alter_sys=True)
    else:
        exec(compile(program, "<string>", "exec"), {"__name__": "__main__"})


def _exit_code(ended: SystemExit) -> int:
    if ended.code is None or isinstance(ended.code, int):
        return ended.code or 0
    print(ended.code, file=sys.stderr)
    return 1


def _close_all_but(kept: int) -> None:
    """Else what pytest's workers hold open would stay open after them."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.closerange(3, kept)
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))
