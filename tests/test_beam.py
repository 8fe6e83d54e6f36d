"""Translation as a Beam pipeline, on the DirectRunner, over a real folder."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

beam = pytest.importorskip(
    "apache_beam",
    reason="Apache Beam wants protobuf below 7 and Pillow below 13: `make beam` runs these tests "
    "in an environment of their own",
)

from typer.testing import CliRunner  # noqa: E402

from tfi2i.cli import app  # noqa: E402
from tfi2i.data import read_image  # noqa: E402
from tfi2i.errors import DataError  # noqa: E402
from tfi2i.export.beam.handler import Picture, TranslatorHandler  # noqa: E402
from tfi2i.export.beam.pipeline import _named, _Source, translate_on  # noqa: E402
from tfi2i.zoo.catalogue import from_preset  # noqa: E402

PRESET = "distancegan-handwritten2printed-32"


@pytest.fixture(scope="module")
def model():
    return from_preset(PRESET)


def noise(seed, height, width):
    draw = np.random.default_rng(seed)
    return Image.fromarray(draw.integers(0, 255, (height, width, 3)).astype(np.uint8))


@pytest.fixture
def folder(tmp_path):
    """Pictures of several sizes and kinds, two of them bad."""
    photos = tmp_path / "photos [2024]"
    (photos / "more").mkdir(parents=True)
    for seed, name in enumerate(("a.png", "b.jpg", "c.bmp", "more/a.png", "more/.hidden.png")):
        noise(seed, 20 + 4 * seed, 33).save(photos / name)
    (photos / "cut.png").write_bytes((photos / "a.png").read_bytes()[:300])
    (photos / "empty.jpg").touch()
    (photos / "notes.txt").write_text("no picture")
    frames = [noise(seed, 9, 9) for seed in range(3)]
    frames[0].save(photos / "d.gif", save_all=True, append_images=frames[1:])
    return photos


def run(inputs, out, **options: Any):
    handler = TranslatorHandler(preset=PRESET)
    return translate_on(
        "DirectRunner", [str(one) for one in inputs], str(out), handler, (".png", ".jpg"), **options
    )


def names_in(folder):
    return sorted(
        os.path.relpath(os.path.join(place, name), folder)
        for place, _, names in os.walk(folder)
        for name in names
    )


def test_a_folder_is_translated_and_bad_files_are_listed(folder, tmp_path, model):
    out = tmp_path / "out"
    counts = run([folder], out)
    assert (counts.translated, counts.there, counts.left_out, counts.several) == (4, 0, 2, 1)
    assert names_in(out) == ["a.png", "b.jpg", "c.png", "d.png", "left_out.jsonl"]
    for name in ("a", "c"):
        (source,) = folder.glob(f"{name}.*")
        np.testing.assert_array_equal(read_image(out / f"{name}.png"), model.translate(source))
    listed = [json.loads(line) for line in (out / "left_out.jsonl").read_text().splitlines()]
    reasons = {Path(one["file"]).name: one["reason"] for one in listed}
    assert reasons.keys() == {"cut.png", "empty.jpg"}
    assert "cut.png is damaged" in reasons["cut.png"]
    assert "empty.jpg is empty (0 bytes)" in reasons["empty.jpg"]


def test_a_stopped_pipeline_goes_on(folder, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "b.jpg").write_bytes(b"made before")
    (folder / "cut.png").unlink()
    (folder / "empty.jpg").unlink()
    with pytest.raises(DataError, match="has files already.*--resume"):
        run([folder], out)
    (out / "left_out.jsonl").write_text("of the call before")
    counts = run([f"{folder}/**"], out, resume=True)
    assert (counts.translated, counts.there, counts.left_out) == (4, 1, 0)
    # Subfolders are kept, and the list of a call that leaves nothing out is gone.
    assert names_in(out) == ["a.png", "b.jpg", "c.png", "d.png", "more/a.png"]
    assert (out / "b.jpg").read_bytes() == b"made before"
    counts = run([folder / "b.jpg"], out, overwrite=True)
    assert counts.translated == 1 and Image.open(out / "b.jpg").size == (33, 24)


def test_equal_names_are_listed_and_not_chosen_between(tmp_path):
    for name in ("a.bmp", "a.gif", "b.png"):
        noise(0, 12, 12).save(tmp_path / name)
    counts = run([tmp_path], tmp_path / "out")
    assert (counts.translated, counts.left_out) == (1, 2)
    listed = (tmp_path / "out" / "left_out.jsonl").read_text()
    assert "a.gif would become" in listed and "a.bmp would become" in listed


def test_addresses_keep_their_paths():
    """Names alone: no bucket is asked."""
    sources = [_Source.of("gs://bucket/photos/*/x*.jpg"), _Source.of("s3://other/")]
    assert [one.root for one in sources] == ["gs://bucket/photos", "s3://other"]
    assert sources[1].pattern == "s3://other/*"

    class Found:
        path = "gs://bucket/photos/2024/x1.bmp"

    named = list(_named(Found, sources, "gs://bucket/out", (".png",)))
    assert named == [("gs://bucket/out/2024/x1.png", Found.path)]


def test_impossible_calls_are_named(tmp_path):
    noise(0, 12, 12).save(tmp_path / "a.png")
    with pytest.raises(DataError, match=r"no file matches .*nowhere/\*\.png"):
        run([tmp_path / "nowhere" / "*.png"], tmp_path / "out")
    with pytest.raises(DataError, match="does not start the runner 'Nobody'"):
        translate_on(
            "Nobody", [str(tmp_path)], str(tmp_path / "out"), TranslatorHandler(preset=PRESET), ()
        )
    with pytest.raises(DataError, match="a run or a preset"):
        TranslatorHandler()


def test_the_handler_serves_any_pipeline(folder, model):
    handler = TranslatorHandler(preset=PRESET, side="left", scale=0.5)
    loaded = handler.load_model()
    pictures = [
        Picture("a.png", (folder / "a.png").read_bytes()),
        Picture("cut.jpg", (folder / "cut.png").read_bytes()),
    ]
    odd, cut = [one.inference for one in handler.run_inference(pictures, loaded)]
    assert odd.content is None and odd.reason.startswith("a.png has an odd width of 33")
    assert cut.content is None and cut.reason.startswith("cut.jpg is damaged")


def test_the_command(folder, tmp_path):
    arguments = ["translate", "--preset", PRESET, "--out", str(tmp_path / "out"), str(folder)]
    arguments += ["--runner", "DirectRunner", "--runner-options", "--direct_num_workers=1"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "4 files in" in done.output and "2 left out" in done.output
    assert (tmp_path / "out" / "a.png").exists()
