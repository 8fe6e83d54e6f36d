"""Errors that a user can act on.

Every message says what is wrong, where (file, folder, key), and what to do about it. The command
line prints these without a traceback; anything else is a bug and keeps its traceback.
"""

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question for the middle of a message, with the known name that is nearest; may be empty."""
    near = difflib.get_close_matches(name[:60], known, n=1)
    return f"did you mean {near[0]}? " if near else ""


class Tfi2iError(Exception):
    """Base of every error that the user can mend."""

    exit_code = 2


class DataError(Tfi2iError):
    """An image, a folder or a dataset cannot be used as asked."""


class RecipeError(Tfi2iError, ValueError):
    """A recipe, an override or a constructor's argument has an unknown key or impossible value."""


class RunError(Tfi2iError):
    """A run folder is missing, incomplete, or belongs to another recipe."""


class WeightsError(Tfi2iError):
    """A file of arrays does not fit the model: names, shapes, dtypes or checksum."""


class NotFiniteError(WeightsError):
    """Values to be saved are not finite."""


class DamagedFileError(WeightsError):
    """A file of arrays cannot be read, or is not as it was written; another one may be whole."""


class ExportError(Tfi2iError):
    """A generator cannot be exported, or the export does not agree with Keras."""


class TrainingError(Tfi2iError):
    """Training cannot go on: a loss or a gradient is not finite."""

    exit_code = 3


class MissingExtraError(Tfi2iError):
    """A feature needs a package that is not installed."""

    def __init__(self, feature: str, package: str, extra: str | None):
        """Names the feature, the missing package and what installs it.

        Args:
            feature: What needs it.
            package: Its name; where it is installed by itself, with the version.
            extra: The extra of tfi2i that brings it; None where it is installed by itself.
        """
        what = f"'tfi2i[{extra}]'" if extra else f"--no-deps {package}"
        super().__init__(
            f"{feature} needs the package {package.partition('==')[0]!r}, which is not installed. "
            f"Install it with: pip install {what}"
        )
