"""Saved models on the Hugging Face Hub: `hf://OWNER/REPO[@REVISION][/SUBFOLDER]`.

Only `model.json` and `weights.npz` are downloaded, which hold no code. They are read like those of
any other folder.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from tfi2i.errors import MissingExtraError, WeightsError
from tfi2i.training.files.model_facts import FACTS, WEIGHTS, read_model_facts

PREFIX = "hf://"
_SAVE = """python -c "import tfi2i; tfi2i.load('RUN').save('MODEL')\""""
_ADDRESS = re.compile(r"hf://([\w.-]+/[\w.-]+?)(?:@([\w.-]+))?((?:/[\w.-]+)*)/?", re.ASCII)


def hub_folder(address: str) -> Path:
    """Downloads a saved model, or takes it from the cache of `huggingface_hub`.

    Args:
        address: `hf://OWNER/REPO`, with `@REVISION` for a branch, tag or commit, and with
            `/SUBFOLDER` where the model is not at the top.

    Returns:
        The folder, within one commit's folder of the cache.

    Raises:
        MissingExtraError: `huggingface_hub` is not installed.
        WeightsError: The address is none, the hub cannot be reached or refuses, or there is no
            saved model.
    """
    repository, revision, inside = parts_of_address(address)
    names = [f"{inside}/{name}".lstrip("/") for name in (FACTS, WEIGHTS)]
    folder = Path(_download(address, repository, revision, names)) / inside
    missing = next((name for name in (FACTS, WEIGHTS) if not (folder / name).is_file()), None)
    if missing is None:
        return folder
    reason = f"holds no saved model: it has no {missing}"
    if missing == WEIGHTS and "weights_sha256" not in read_model_facts(folder):
        reason = "is the folder of a run, with checkpoints that hold far more than the model"
    raise WeightsError(f"{address} {reason}. Upload the folder MODEL that this writes: {_SAVE}")


def parts_of_address(address: str) -> tuple[str, str | None, str]:
    """The repository, the revision or None, and the subfolder or nothing, of an address.

    Raises:
        WeightsError: The address is none.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None or ".." in address:
        raise WeightsError(
            f"{address[:200]!r} is no address on the hub: write hf://OWNER/REPO, "
            "hf://OWNER/REPO/SUBFOLDER or hf://OWNER/REPO@REVISION"
        )
    repository, revision, subfolder = match.groups()
    return repository, revision, subfolder.strip("/")


def uploaded(
    address: str, repository: str, subfolder: str, contents: Mapping[str, Path | bytes]
) -> str:
    """Puts files into a repository, in one commit; makes the repository if there is none.

    Returns:
        Where the hub shows the commit.

    Raises:
        MissingExtraError: `huggingface_hub` is not installed.
        WeightsError: The hub refuses, or cannot be reached.
    """
    try:
        import huggingface_hub
        from huggingface_hub import errors
    except ImportError:
        raise MissingExtraError("a model on the hub", "huggingface_hub", "hub") from None
    operations = [
        huggingface_hub.CommitOperationAdd(f"{subfolder}/{name}".lstrip("/"), content)
        for name, content in contents.items()
    ]
    api = huggingface_hub.HfApi()
    try:
        api.create_repo(repository, exist_ok=True)
        done = api.create_commit(
            repository, operations=operations, commit_message="A model of tfi2i"
        )
    except (errors.HTTPError, OSError, ValueError) as error:  # type: ignore[reportPrivateImportUsage]
        reason = _first_line(error)
        raise WeightsError(
            f"cannot upload to {address}: {reason}. `hf auth login` tells the hub who you are"
        ) from error
    return done.commit_url


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:300] or type(error).__name__


def _download(address: str, repository: str, revision: str | None, names: list[str]) -> str:
    try:
        import huggingface_hub
        from huggingface_hub import errors
    except ImportError:
        raise MissingExtraError("a model on the hub", "huggingface_hub", "hub") from None
    try:
        return huggingface_hub.snapshot_download(
            repository, revision=revision, allow_patterns=names
        )
    except errors.RepositoryNotFoundError:
        reason = "there is no such repository, or it is private: `hf auth login` lets you in"
    except errors.RevisionNotFoundError:
        reason = f"the repository has no revision {revision}"
    except errors.LocalEntryNotFoundError:
        reason = "the hub cannot be reached, and the model is not in the cache"
    # The package's own errors are one of these; the first is that of its HTTP client.
    except (errors.HTTPError, OSError, ValueError) as error:  # type: ignore[reportPrivateImportUsage]
        reason = _first_line(error)
    raise WeightsError(f"cannot get {address}: {reason}")
