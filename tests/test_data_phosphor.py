"""Phosphor's icons in several weights, from a package of the same form with a few drawings."""

import importlib.util

import pytest

from tfi2i.data import evaluation_domains, open_source
from tfi2i.data.make.drawing import split_of
from tfi2i.data.make.phosphor import WEIGHTS, main, write_weights
from tfi2i.errors import DataError

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("resvg_py") is None, reason="needs the extra drawings"
)
LINE = '<svg viewBox="0 0 256 256" xmlns="http://www.w3.org/2000/svg"><rect x="32" y="120" \
width="192" height="{height}"/></svg>'


@pytest.fixture
def package(tmp_path):
    """Icons of twenty families, two of each; lines are as thick as the weight's place says."""
    folder = tmp_path / "package"
    for place, weight in enumerate(WEIGHTS, start=1):
        (folder / "assets" / weight).mkdir(parents=True)
        for family in range(20):
            for side in ("left", "right"):
                end = "" if weight == "regular" else f"-{weight}"
                path = folder / "assets" / weight / f"f{family}-{side}{end}.svg"
                path.write_text(LINE.format(height=16 * place))
    return folder


def test_weights_of_the_same_icons(package, tmp_path):
    counts = write_weights(package, tmp_path / "out", size=32)
    source = open_source(str(tmp_path / "out"), aligned=True)
    assert source.kind == "labelled" and source.aligned_test
    assert source.class_names == ("bold", "duotone", "fill", "thin")
    assert counts == {split: len(source.splits[split].a) for split in ("train", "test")}
    dark = {name: (255 - one[0]).sum() for name, one in evaluation_domains(source, size=32).items()}
    assert dark["thin"] < dark["bold"] < dark["fill"]

    trained = [name.split("/")[-1] for name in source.splits["train"].a.names]
    assert len(trained) == len(set(trained)), "an icon is seen in two weights"
    held_out = {path.stem for path in (tmp_path / "out/test/thin").glob("*")}
    assert held_out and {name.split("-")[0] for name in held_out} == {
        f"f{family}" for family in range(20) if split_of(f"f{family}") == "test"
    }


def test_what_is_refused(package, tmp_path, capsys):
    with pytest.raises(DataError, match=r"no assets/regular.*npm pack @phosphor-icons/core"):
        write_weights(tmp_path, tmp_path / "out")
    with pytest.raises(DataError, match="two or more of thin, light, .*, not heavy"):
        write_weights(package, tmp_path / "out", weights=["heavy"])
    (package / "assets/regular/f0-right.svg").rename(package / "assets/regular/f0-odd.svg")
    assert main([str(package), str(tmp_path / "out"), "--size", "16"]) == DataError.exit_code
    assert "f0-odd" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
