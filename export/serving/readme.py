"""The README beside a served model: for an engineer who knows no tfi2i."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfi2i.data.decode.values import ValueRange
from tfi2i.export.metadata import ranges_of_facts, read_metadata

_DECODE = (
    "python3 -c 'import base64, json, sys\n"
    'sys.stdout.buffer.write(base64.b64decode(json.load(sys.stdin)["predictions"][0]["b64"]))'
    "'"
)


def readme(version: Path, report: Mapping[str, Any], start: str) -> str:
    """The text.

    Args:
        version: The newest version's folder.
        report: The model's parity report.
        start: The command that starts a server.

    Raises:
        ExportError: The folder holds no SavedModel of tfi2i.
    """
    document = read_metadata(version)
    model, facts = document["model"], document["export"]
    name = version.parent.name
    sections = [
        f"# {name}\n\n{_what_it_is(version, model, facts, report)}",
        f"## Start\n\nIn the folder that has `compose.yaml`:\n\n```sh\n{start}\n```\n\n"
        "or `docker compose up`. TF Serving asks nobody who they are: keep it on a private "
        "address.",
        f"## Ask\n\n{_asking(name, facts)}",
        f"## Signatures\n\n{_signatures(facts)}",
        f"## What goes in and comes out\n\n{_limits(facts)}",
        "## New versions\n\nThe next export adds the next number. A server loads it beside the "
        "old one, runs `assets.extra/tf_serving_warmup_requests`, and answers from it from then "
        "on; no request is lost. To go back, remove the newest folder.",
    ]
    return "\n\n".join(sections) + "\n"


def _what_it_is(
    version: Path, model: Mapping[str, Any], facts: Mapping[str, Any], report: Mapping[str, Any]
) -> str:
    variant, direction = model.get("variant", "a generator"), model.get("direction", "")
    sentence = f"`{variant}`" + (f", `{direction}`" if direction else "")
    sentence += (
        f" as TF Serving loads it: version {version.name}, {facts['precision']}, written by "
    )
    sentence += f"TensorFlow {facts['tensorflow']} and Keras {facts['keras']}."
    place = f"{version.parent.name}/{version.name}"
    for entry in report["artefacts"]:
        if entry["name"] == place:
            sentence += (
                f" Beside Keras in float32 its largest difference was {entry['max_abs']:.1e} of "
                f"values in [-1, 1], on {report['images']} images."
            )
    if "data_licence" in model:
        sentence += f" Licence of the images it learned from: {model['data_licence']}."
    return sentence


def _asking(name: str, facts: Mapping[str, Any]) -> str:
    """Requests to paste: with files where the model takes or makes files, else with numbers."""
    address = f"http://localhost:8501/v1/models/{name}"
    if "serving_png" in facts["signatures"]:
        return _drawing(name, facts, address)
    if "serving_bytes" in facts["signatures"]:
        return _files(name, facts, address)
    body = _numbers(facts)
    return f"```sh\npython3 -c 'import json\nprint(json.dumps({body}))' |\n  {_post(address)}\n```"


def _files(name: str, facts: Mapping[str, Any], address: str) -> str:
    kind = next(iter(facts.get("beside_images", {})), None)
    # One for all domains wants a domain always; else the image alone has an answer.
    opening, closing = ('{"encoded": ', ', "domain": 0}') if kind == "domain" else ("", "")
    request = (
        f'(printf \'{{"signature_name": "serving_bytes", "instances": [{opening}{{"b64": "\'\n'
        f" base64 < photo.jpg | tr -d '\\n'; printf '\"}}{closing}]}}') |\n"
        f"  {_post(address)} |\n  {_DECODE} > translated.png"
    )
    beside = {"domain": ", domain=0", "latents": "", "style": "", None: ""}[kind]
    lines = [f"```sh\n{request}\n```"]
    lines.append(_python(name, f'png = client.translate("photo.jpg"{beside})'))
    if kind == "latents":
        length = facts["beside_images"]["latents"]["length"]
        lines.append(
            f"With a latent, {length} numbers, the signature is `serving_bytes_latents` "
            f'(`client.translate("photo.jpg", latents=[0.5] * {length})`).'
        )
    elif kind == "style":
        lines.append(
            "With a style, another image, the signature is `serving_bytes_style` "
            '(`client.translate("photo.jpg", style="painting.jpg")`).'
        )
    return "\n\n".join(lines)


def _drawing(name: str, facts: Mapping[str, Any], address: str) -> str:
    beside = {
        "labels": ', "labels": 0',
        "captions": f', "captions": [0.0] * {facts.get("caption_length", 0)}',
    }.get(facts.get("condition", ""), "")
    instance = f'{{"seeds": 7{beside}}}' if beside else "7"
    body = f'{{"signature_name": "serving_png", "instances": [{instance}]}}'
    request = (
        f"python3 -c 'import json\nprint(json.dumps({body}))' |\n"
        f"  {_post(address)} |\n  {_DECODE} > drawn.png"
    )
    named = {"labels": ", labels=[0]", "captions": ", captions=embeddings"}
    asked = f"[png] = client.draw([7]{named.get(facts.get('condition', ''), '')})"
    return f"```sh\n{request}\n```\n\n{_python(name, asked)}"


def _numbers(facts: Mapping[str, Any]) -> str:
    """A request of zeros, as Python writes it."""
    if "latent_length" in facts:
        return f'{{"instances": [[0.0] * {facts["latent_length"]}]}}'
    signature = "serving_float32" if "serving_float32" in facts["signatures"] else "serving_default"
    images = f"[[[0.0] * {facts['input_channels']}] * 64] * 64"
    return f'{{"signature_name": "{signature}", "instances": [{images}]}}'


def _python(name: str, line: str) -> str:
    return (
        "From Python, without TensorFlow and Keras (`rpc.GrpcClient` is the same over gRPC):\n\n"
        "```python\nfrom tfi2i.export.serving.rest import RestClient\n\n"
        f'client = RestClient("{name}")\n{line}\n```'
    )


def _post(address: str) -> str:
    return f"curl -s --data-binary @- {address}:predict"


def _signatures(facts: Mapping[str, Any]) -> str:
    rows = [f"| `{name}` | {words} |" for name, words in facts["signatures_in_words"].items()]
    return "\n".join(["| name | takes -> gives |", "|---|---|", *rows])


def _pixels(values: ValueRange) -> str:
    return (
        f"{values.dtype} from {values.low:g} (black, or least) to {values.high:g} (white, or most)"
    )


def _limits(facts: Mapping[str, Any]) -> str:
    taken, made = ranges_of_facts(facts["value_ranges"])
    lines = [f"- Pixels come out as {_pixels(made)}."]
    if "latent_length" in facts:
        height, width, channels = facts["image_shape"]
        lines.append(f"- Images are {width} x {height} px with {channels} channels.")
        lines.append(f"- A request is for {facts['max_images']} images at most.")
    else:
        lines[0] = f"- Pixels go in as {_pixels(taken)}, and come out as {_pixels(made)}."
        lines += [
            f"- Channels: {facts['input_channels']} go in, {facts['output_channels']} come out.",
            "- Images may have any height and width from 1 px; what comes out has the same. "
            f"Inside, sides are continued to multiples of {facts['size_multiple']}, and of a "
            f"request all images together may then have {facts['max_pixels']:,} pixels "
            "(of files each).",
            f"- Files: {', '.join(facts['encoded_formats'])}. Alpha: {facts['alpha']}. EXIF's "
            f"orientation: {facts['exif_orientation']}. Colour profile: {facts['colour_profile']}.",
        ]
        if facts["scale"] != 1:
            lines.append(f"- Sides are multiplied by {facts['scale']:.4g} inside, and come back.")
    return "\n".join([*lines, *(f"- {note}" for note in facts["notes"])])
