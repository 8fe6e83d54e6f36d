"""Files for those who host, cite and change the project agree with the project itself."""

import json
import tomllib
from pathlib import Path

import yaml

import tfi2i
from tools.packages.page import packages_page
from tools.packages.uses import EXTRAS
from tools.readers_way import steps_section

REPOSITORY = Path(__file__).parents[1]


def read(name):
    return yaml.safe_load((REPOSITORY / name).read_text(encoding="utf-8"))


def test_hosted_tests_cover_every_python_that_the_package_names():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    prefix = "Programming Language :: Python :: 3."
    named = [f"3.{one.removeprefix(prefix)}" for one in project["classifiers"] if prefix in one]
    job = read(".github/workflows/test.yml")["jobs"]["test"]
    assert job["strategy"]["matrix"]["python"] == named
    assert job["steps"][-1] == {"run": ".ci/run"} and (REPOSITORY / ".ci" / "run").exists()


def test_citation_names_this_version_and_licence():
    citation = read("CITATION.cff")
    assert citation["version"] == tfi2i.__version__
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["license"] == project["license"]


def test_hooks_before_a_commit_are_the_checks_of_make_lint():
    (local,) = read(".pre-commit-config.yaml")["repos"]
    hooks = {hook["id"]: hook["entry"] for hook in local["hooks"]}
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8").replace("$(BIN)", ".venv/bin")
    assert ".venv/bin/ruff check" in makefile and "ruff check" in hooks["ruff-check"]
    assert "ruff format --check" in makefile and "ruff format" in hooks["ruff-format"]
    assert hooks["pyright"] in makefile


def test_reports_of_faults_ask_for_what_a_run_wrote():
    for name in ("fault", "results"):
        form = read(f".github/ISSUE_TEMPLATE/{name}.yml")
        fields = {one["id"]: one for one in form["body"]}
        assert "run.json" in fields["run"]["attributes"]["label"]
        assert "recipe.yaml" in fields["recipe"]["attributes"]["label"]


def test_the_page_of_packages_shows_what_was_tried():
    found = json.loads((REPOSITORY / "docs/packages.json").read_text(encoding="utf-8"))
    page = (REPOSITORY / "docs/packages.md").read_text(encoding="utf-8")
    assert page == packages_page(found), "run: python -m tools.packages"
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    of_developers = {"dev", "fuzz"}
    assert set(EXTRAS) == set(project["optional-dependencies"]) - of_developers
    assert {f"extra {extra}" for extra in EXTRAS} <= set(found["environments"])
    for row in (one for one in project["classifiers"] if "Python :: 3." in one):
        version = row.rsplit(" ", 1)[1]
        for which in ("oldest", "newest"):
            assert "failed" not in found["environments"][f"wheel, Python {version}, {which}"]


def test_the_way_to_a_server_has_the_times_it_took():
    guide = REPOSITORY / "docs/guide"
    found = json.loads((guide / "to_a_server.json").read_text(encoding="utf-8"))
    page = (guide / "to_a_server.md").read_text(encoding="utf-8")
    assert steps_section(found) in page, "run: python -m tools.readers_way"
