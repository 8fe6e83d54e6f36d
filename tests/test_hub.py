"""Models on a hub: the real client, against a small server that speaks the hub's own endpoints."""

import functools
import json
import os
import re
import subprocess
import sys
import threading
import urllib.request
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha1, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import yaml

from tfi2i.errors import MissingExtraError, RecipeError, WeightsError
from tfi2i.recipe import Recipe
from tfi2i.training import RunFolder
from tfi2i.training.files.hub import hub_folder
from tfi2i.training.files.model_card import card_text
from tfi2i.training.files.publishing import upload_preset
from tfi2i.training.files.trained import find_preset, find_trained
from tfi2i.training.run.training import Training
from tfi2i.zoo.catalogue import from_preset
from tfi2i.zoo.paired.pix2pix import Pix2Pix
from tiny_models import tiny_model

COMMIT = "0123456789abcdef0123456789abcdef01234567"
ROUTES = (
    ("info", r"/api/models/(?P<repo>[^/]+/[^/]+)/revision/(?P<revision>[^/]+)"),
    ("tree", r"/api/models/(?P<repo>[^/]+/[^/]+)/tree/(?P<revision>[^/]+)"),
    ("file", r"/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)"),
)


class Hub(BaseHTTPRequestHandler):
    """The documented endpoints that a download uses: a revision, its tree, a file.

    And those of an upload: a new repository, how its files come, a commit.
    """

    protocol_version = "HTTP/1.1"

    def __init__(
        self, *arguments, files: Mapping[str, bytes], asked: list[str], mine: dict[str, bytes]
    ):
        self.files, self.asked, self.mine = files, asked, mine
        super().__init__(*arguments)

    def do_GET(self) -> None:
        self.asked.append(self.path)
        path = self.path.split("?")[0]
        for name, pattern in ROUTES:
            match = re.fullmatch(pattern, path)
            if match and match["repo"] == "tests/broken":
                return self.send(200, b"{}", {"Content-Encoding": "gzip"})
            if match and match["repo"] == "tests/busy":
                return self.send(501, b"{}", {})
            if match and match["repo"] == "tests/mine":
                self.files = self.mine
            elif match and match["repo"] != "tests/pix2pix":
                return self.refuse("RepoNotFound")
            if match and match["revision"] not in ("main", "v1", COMMIT):
                return self.refuse("RevisionNotFound")
            if match:
                return getattr(self, name)(**match.groupdict())
        return self.refuse("EntryNotFound")

    do_HEAD = do_GET

    def info(self, repo: str, revision: str) -> None:
        siblings = [{"rfilename": name} for name in self.files]
        self.answer({"id": repo, "modelId": repo, "sha": COMMIT, "siblings": siblings})

    def tree(self, repo: str, revision: str) -> None:
        self.answer([
            {"type": "file", "path": name, "size": len(content), "oid": oid(content)}
            for name, content in self.files.items()
        ])  # fmt: skip

    def file(self, repo: str, revision: str, path: str) -> None:
        if path not in self.files:
            return self.refuse("EntryNotFound")
        content = self.files[path]
        headers = {"ETag": f'"{oid(content)}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        return self.send(200, content, headers)

    def do_POST(self) -> None:
        self.asked.append(self.path)
        content = self.body()
        address = f"http://{self.headers['Host']}/tests/mine"
        if self.headers["Authorization"] != "Bearer hf_known":
            self.send(401, b"{}", {"X-Error-Message": "Invalid username or password."})
        elif self.path == "/api/repos/create":
            self.answer({"url": address})
        elif self.path == "/api/models/tests/mine/preupload/main":
            paths = [file["path"] for file in json.loads(content)["files"]]
            regular = [{"path": p, "uploadMode": "regular", "shouldIgnore": False} for p in paths]
            self.answer({"files": regular})
        elif self.path == "/api/models/tests/mine/commit/main":
            lines = [json.loads(line)["value"] for line in content.splitlines()]
            files = {one["path"]: b64decode(one["content"]) for one in lines if "path" in one}
            self.mine.update(files)
            self.answer({"commitUrl": f"{address}/commit/{COMMIT}", "commitOid": COMMIT})
        else:  # whether the card's front matter is YAML that the hub takes
            text = json.loads(content)["content"].split("---")[1]
            assert yaml.safe_load(text)["library_name"] == "tfi2i"
            self.answer({"errors": [], "warnings": []})

    def body(self) -> bytes:
        """What was sent, whole or in chunks."""
        if self.headers["Transfer-Encoding"] != "chunked":
            return self.rfile.read(int(self.headers["Content-Length"] or 0))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def answer(self, value: object) -> None:
        self.send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def refuse(self, code: str) -> None:
        self.send(404, b"{}", {"X-Error-Code": code, "X-Error-Message": code})

    def send(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *arguments) -> None:
        pass


def oid(content: bytes) -> str:
    return sha1(b"blob %d\0" % len(content) + content).hexdigest()


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    """All networks of a tiny model."""
    model = Pix2Pix(crop_size=32, filters=4, discriminator_filters=4, receptive_field=16, depth=3)
    return model.save(tmp_path_factory.mktemp("saved") / "model")


@pytest.fixture(scope="module")
def run(tmp_path_factory, paired_folder) -> Path:
    """The folder of a training of one epoch."""
    recipe = Recipe(
        "pix2pix", {"filters": 4, "discriminator_filters": 4, "receptive_field": 16, "depth": 3},
        {"source": str(paired_folder), "batch_size": 6, "load_size": 32, "crop_size": 32},
        {"samples": 1, "epochs": 1},
    ).resolve(Pix2Pix)  # fmt: skip
    path = tmp_path_factory.mktemp("runs") / "run"
    Training(recipe, Pix2Pix, RunFolder(path)).fit(verbose=0)
    return path


@pytest.fixture(scope="module")
def hub(saved, run) -> Iterator[tuple[str, list[str]]]:
    """A hub's address, and the paths that it was asked for."""
    facts, weights = (saved / "model.json").read_bytes(), (saved / "weights.npz").read_bytes()
    altered = weights[:-1] + bytes([weights[-1] ^ 1])
    files = {
        "README.md": b"# a model",
        "model.json": facts,
        "weights.npz": weights,
        "pytorch_model.bin": b"pickled code",
        "runs/best/model.json": facts,
        "runs/best/weights.npz": weights,
        "altered/model.json": facts,
        "altered/weights.npz": altered,
        "half/model.json": facts,
    }
    for file in run.rglob("*"):
        if file.is_file():
            files[f"whole_run/{file.relative_to(run).as_posix()}"] = file.read_bytes()
    asked: list[str] = []
    handler = functools.partial(Hub, files=files, asked=asked, mine={})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)  # type: ignore[arg-type]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@pytest.fixture
def python(hub, forking, tmp_path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs Python in a process that knows this hub and no other, with an empty cache."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
        "HF_ENDPOINT": hub[0],
        "HF_HOME": str(tmp_path / "cache"),
    }

    return functools.partial(forking.run, environment=environment)


FIND = """
import sys
from tfi2i.errors import Tfi2iError
from tfi2i.training.files.trained import find_trained
for name in sys.argv[1:]:
    try:
        print(find_trained(name).read(lambda headers, path: {})[0])
    except Tfi2iError as error:
        print(f"{type(error).__name__}: {error}")
"""


def test_a_training_begins_from_the_hub(hub, python, saved, paired_folder, tmp_path):
    command = ["-m", "tfi2i", "train", "pix2pix", "--data", paired_folder, "train.epochs=1"]
    command += ["--run", tmp_path / "run", "data.batch_size=6", "train.samples=1"]
    done = python(*command, "train.start_from=hf://tests/pix2pix/runs/best")
    assert done.returncode == 0, done.stderr
    assert "hf://tests/pix2pix/runs/best (SHA-256 " in done.stdout
    assert "generator, discriminator taken" in done.stdout
    begun = json.loads((tmp_path / "run/run.json").read_text())["started_from"]
    assert begun["sha256"] == sha256((saved / "weights.npz").read_bytes()).hexdigest()
    assert COMMIT in begun["file"], "the commit is on record"
    fetched = {path for path in hub[1] if "/resolve/" in path}
    at = f"/tests/pix2pix/resolve/{COMMIT}/runs/best"
    assert fetched == {f"{at}/model.json", f"{at}/weights.npz"}


@pytest.mark.fault("17")
def test_what_the_hub_does_not_have_is_one_line(hub, python):
    cases = {
        "hf://tests/pix2pix": "/snapshots/",
        "hf://tests/pix2pix@v1/": "/snapshots/",
        "hf://tests/nothing": "cannot get hf://tests/nothing: there is no such repository",
        "hf://tests/pix2pix@v9": "the repository has no revision v9",
        "hf://tests/pix2pix/half": "holds no saved model: it has no weights.npz",
        "hf://tests/pix2pix/whole_run": "is the folder of a run, with checkpoints",
        "hf://tests/pix2pix/none": "holds no saved model: it has no model.json",
        "hf://tests/pix2pix/altered": "is not the file model.json describes (SHA-256)",
        "hf://tests": "is no address on the hub: write hf://OWNER/REPO",
        "hf://tests/pix2pix/../x": "is no address on the hub",
        "hf://tests/pix--2pix": "cannot get hf://tests/pix--2pix: ",
        "hf://tests/busy": "the hub cannot be reached, and the model is not in the cache",
        "hf://tests/broken": "cannot get hf://tests/broken: ",
    }
    done = python("-c", FIND, *cases)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(cases)
    for line, (name, words) in zip(lines, cases.items(), strict=True):
        assert words in line, (name, line)
    others = ("pytorch_model", "README", "checkpoints")
    assert not [path for path in hub[1] if any(other in path for other in others)]


def test_what_is_said_of_a_run_on_the_hub_makes_what_can_be_uploaded(hub, python, run, tmp_path):
    told = python("-c", FIND, "hf://tests/pix2pix/whole_run").stdout
    program = told.strip().partition('python -c "')[2].rstrip('"')
    exec(program.replace("RUN", str(run)).replace("MODEL", str(tmp_path / "model")))
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == [
        "model.json",
        "weights.npz",
    ]
    trained = find_trained(str(tmp_path / "model"))
    assert trained.is_saved and trained.facts["networks"] == ["generator", "discriminator"]


UPLOAD = """
import os, sys
import numpy as np
import tfi2i
from tfi2i.errors import Tfi2iError
made, saved, run = sys.argv[1:]
model = tfi2i.load(saved)
model.save_to_preset(made, licence="MIT", figures={"l1": 0.25})
attempts = [("hf://tests/mine", made), ("hf://tests/mine/best", saved), ("hf://tests/mine", run)]
attempts += [("hf://tests/mine@v1", made), ("hf://tests", made)]
for token in ("hf_unknown", "hf_known"):
    os.environ["HF_TOKEN"] = token
    for address, folder in attempts[: 1 if token == "hf_unknown" else None]:
        try:
            print(tfi2i.upload_preset(address, folder))
        except Tfi2iError as error:
            print(f"{type(error).__name__}: {error}")
image = np.arange(32 * 32 * 3, dtype=np.uint8).reshape(32, 32, 3)
there = tfi2i.from_preset("hf://tests/mine")
print(there.variant_name(), np.array_equal(there.translate(image), model.translate(image)))
"""


def test_a_preset_of_one_s_own_goes_to_the_hub_and_comes_back(hub, python, saved, run, tmp_path):
    done = python("-c", UPLOAD, tmp_path / "facades", saved, run)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "cannot upload to hf://tests/mine: " in lines[0] and "`hf auth login`" in lines[0]
    assert lines[1] == lines[2] == f"{hub[0]}/tests/mine/commit/{COMMIT}"
    assert "is the folder of a run, whose checkpoints hold far more" in lines[3]
    assert "makes a revision of its own" in lines[4]
    assert "is no address on the hub" in lines[5]
    assert lines[6] == "pix2pix True"
    facts = json.loads((tmp_path / "facades" / "model.json").read_text())
    assert facts["networks"] == ["generator"] and facts["licence"] == "MIT"
    card = (tmp_path / "facades" / "README.md").read_text()
    head = yaml.safe_load(card.split("---")[1])
    assert head["pipeline_tag"] == "image-to-image" and head["license"] == "mit"
    assert "| L1 | 0.25 |" in card and "pix2pix: Image-to-Image Translation with" in card
    with urllib.request.urlopen(f"{hub[0]}/tests/mine/resolve/main/README.md") as answer:
        there = answer.read().decode()
    assert 'tfi2i.from_preset("hf://tests/mine")' in there, "the examples have the address"


@pytest.mark.fault("28")
def test_the_extra_is_named_where_it_is_missing(monkeypatch, saved):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtraError, match="tfi2i\\[hub\\]"):
        upload_preset("hf://tests/mine", saved)
    with pytest.raises(MissingExtraError, match="tfi2i\\[hub\\]"):
        hub_folder("hf://tests/pix2pix")


@pytest.mark.parametrize(
    ("takes", "task", "command"),
    [
        (("images",), "image-to-image", "tfi2i translate --preset"),
        (("latents",), "unconditional-image-generation", "tfi2i sample --preset"),
        (("latents", "labels"), "unconditional-image-generation", "tfi2i sample --preset"),
        (("latents", "captions"), "text-to-image", 'sample(4, captions="...")'),
    ],
)
def test_a_card_has_the_hub_s_name_of_what_the_model_does(takes, task, command):
    facts = {"variant": "any", "config": {}, "weights_sha256": "0", "licence": "ask: me | first"}
    card = card_text(facts, name="n", title="A paper", takes=takes, ways=["way"])
    head = yaml.safe_load(card.split("---")[1])
    assert head["pipeline_tag"] == task and command in card
    assert head["license"] == "other" and head["license_name"] == "ask: me | first"
    assert r"| licence of the model | ask: me \| first |" in card


def test_a_preset_is_not_a_run(run, tmp_path):
    with pytest.raises(WeightsError, match="is the folder of a run: give it as --run"):
        find_preset(str(run))
    with pytest.raises(WeightsError, match="there is no folder .*none, where a preset could be"):
        find_preset(str(tmp_path / "none"))


def test_a_generator_s_preset_draws_what_it_drew(tmp_path):
    model = tiny_model("dcgan")
    folder = model.save_to_preset(tmp_path / "digits")
    assert "pipeline_tag: unconditional-image-generation" in (folder / "README.md").read_text()
    (folder / "README.md").write_text("mine")
    drawn = from_preset(str(folder)).sample(2, seed=1)
    np.testing.assert_array_equal(drawn, model.sample(2, seed=1))
    model.save_to_preset(folder, licence="mit")
    assert (folder / "README.md").read_text() == "mine", "a card of one's own stays"
    with pytest.raises(RecipeError, match="has no network that is used after training"):
        tiny_model("gatys").save_to_preset(tmp_path / "none")
    assert not (tmp_path / "none").exists()
