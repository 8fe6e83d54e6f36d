"""The card of a model for the Hugging Face Hub: `README.md` with front matter."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

CARD = "README.md"
# The address in the examples of a card, until the model has one.
PLACE = "hf://OWNER/REPO"
# What the hub takes for `license` by itself; others go beside `license: other`.
_IDENTIFIER = re.compile(r"[a-z0-9][a-z0-9.-]{1,40}", re.ASCII)
_IMAGE_TO_IMAGE = "image-to-image"
_TASKS = {"images": _IMAGE_TO_IMAGE, "captions": "text-to-image"}
_DRAWN_FROM_NOISE = "unconditional-image-generation"


def card_text(
    facts: Mapping[str, Any], *, name: str, title: str, takes: tuple[str, ...], ways: list[str]
) -> str:
    """The whole card.

    Args:
        facts: What `model.json` says; `licence`, `data_licence`, `figures` and `imported` are shown
            where they are there.
        name: Of the model, for the heading.
        title: The variant's paper.
        takes: What its main view takes.
        ways: Names of its views.
    """
    task = next((task for taken, task in _TASKS.items() if taken in takes), _DRAWN_FROM_NOISE)
    head: dict[str, Any] = {
        "library_name": "tfi2i",
        "pipeline_tag": task,
        "tags": ["keras", "tensorflow", "gan", facts["variant"]],
        **_licence(facts.get("licence")),
    }
    parts = [
        f"---\n{yaml.safe_dump(head, sort_keys=False, allow_unicode=True)}---",
        f"# {name}",
        f"{title}\n\nA model of the variant `{facts['variant']}` of tfi2i, for Keras 3. Its two "
        "files hold JSON and arrays, no code.",
        _use(task),
        _table(facts, ways),
    ]
    return "\n\n".join(parts) + "\n"


def _licence(licence: str | None) -> dict[str, str]:
    if licence is None:
        return {}
    if _IDENTIFIER.fullmatch(licence.lower()):
        return {"license": licence.lower()}
    return {"license": "other", "license_name": licence}


def _use(task: str) -> str:
    if task == _IMAGE_TO_IMAGE:
        command = f"tfi2i translate --preset {PLACE} photo.jpg --out translated"
        python = 'picture = model.translate("photo.jpg")  # uint8 (H, W, C)'
    else:
        command = f"tfi2i sample --preset {PLACE} --out samples"
        captions = ', captions="..."' if task == "text-to-image" else ""
        python = f"pictures = model.sample(4{captions})  # uint8 (4, H, W, C)"
    return (
        f"```sh\npip install 'tfi2i[hub]'\n{command}\ntfi2i export --preset {PLACE} --out shipped\n"
        f'```\n\n```python\nimport tfi2i\n\nmodel = tfi2i.from_preset("{PLACE}")\n{python}\n```'
    )


def _table(facts: Mapping[str, Any], ways: list[str]) -> str:
    config, imported = facts["config"], facts.get("imported", {})
    rows = {
        "generators": ", ".join(ways),
        "size of training images": config.get("crop_size") or config.get("image_size"),
        "licence of the model": facts.get("licence"),
        "licence of the training images": facts.get("data_licence"),
        "imported from": ", ".join(imported.get("files", {})),
        "SHA-256 of weights.npz": facts["weights_sha256"],
        **{name.upper(): value for name, value in facts.get("figures", {}).items()},
    }
    lines = [f"| {name} | {_cell(value)} |" for name, value in rows.items() if value]
    return "\n".join(["| | |", "|---|---|", *lines])


def _cell(value: Any) -> str:
    return " ".join(str(value).replace("|", "\\|").split())
