"""The race of the benchmarks, with contestants that take no time, and the pages of figures."""

import importlib
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tfi2i.inference.presets import preset_folder
from tfi2i.training.files.model_facts import read_model_facts

ROOT = Path(__file__).parent.parent
SLEEPER = """
import time
from benchmarks.worker import take_turns
take_turns(lambda: time.sleep({seconds}), weights={weights})
"""


def module(name: str) -> ModuleType:
    """A file of benchmarks/, which is no installed package."""
    spec = importlib.util.spec_from_file_location(f"bench_{name}", ROOT / f"benchmarks/{name}.py")
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


def sleeper(race: ModuleType, name: str, seconds: float):
    program = SLEEPER.format(seconds=seconds, weights=7)
    return race.Contestant(name, [sys.executable, "-c", program])


@pytest.mark.parametrize("together", [False, True])
def test_contestants_take_turns_and_tell_their_seconds(together):
    race = module("race")
    contestants = [sleeper(race, "quick", 0.01), sleeper(race, "slow", 0.05)]
    outcomes = race.race(contestants, rounds=2, units=3, together=together)
    quick, slow = (outcomes[name].summary() for name in ("quick", "slow"))
    assert len(outcomes["quick"].seconds) == 6 and quick["rounds"] == 2
    assert 0.01 <= quick["median_s"] < slow["median_s"]
    assert quick["weights"] == 7 and quick["peak_mib"] > 1


@pytest.mark.parametrize("together", [False, True])
def test_a_contestant_that_fails_is_named_with_its_message_and_none_runs_on(together, monkeypatch):
    race = module("race")
    stopped = []
    stop = race.Runner.stop
    monkeypatch.setattr(race.Runner, "stop", lambda self: (stop(self), stopped.append(self.name)))
    broken = race.Contestant("broken", [sys.executable, "-c", "raise SystemExit('no engine')"])
    with pytest.raises(RuntimeError, match=r"broken failed:\nno engine"):
        race.race([sleeper(race, "well", 0.01), broken], rounds=1, units=1, together=together)
    assert stopped == ["well"]


def test_the_readme_says_what_was_measured():
    """Its one sentence on speed, from the files of the races."""
    results = json.loads((ROOT / "benchmarks/results.json").read_text(encoding="utf-8"))
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    for work, variant in (("pix2pix 256", "pix2pix"), ("cyclegan 256", "CycleGAN")):
        seconds = {name: one["median_s"] for name, one in results["training"][work].items()}
        fastest = min(value for name, value in seconds.items() if name.startswith("PyTorch"))
        times = fastest / seconds["tfi2i bfloat16"]
        assert f"{times:.1f} times as fast for {variant}" in readme


def test_peers_train_as_many_weights():
    results = json.loads((ROOT / "benchmarks/results.json").read_text(encoding="utf-8"))
    for work, outcomes in results["training"].items():
        weights = {name: outcome["weights"] for name, outcome in outcomes.items()}
        assert len(set(weights.values())) == 1, (work, weights)


LOG = """onednn_verbose,v1,info,oneDNN v3.7.3 (commit N/A)
onednn_verbose,v1,primitive,exec,cpu,convolution,brg_conv_fwd:avx512_core_bf16,forward_training,\
src:bf16::blocked:acdb::f0 dst:bf16::blocked:acdb::f0,attr-scratchpad:user,alg:convolution_direct,\
mb2_ic64oc128_ih32oh16kh4sh2dh0ph1_iw32ow16kw4sw2dw0pw1,0.5
@@{"seconds": [0.25]}
onednn_verbose,v1,primitive,exec,cpu,reorder,jit:uni,undef,src:bf16::blocked:cdba::f0,,,64x3x4x4,2
onednn_verbose,v1,primitive,exec,cpu,reorder,jit:uni,undef,src:bf16::blocked:cdba::f0,,,64x3x4x4,4
onednn_verbose,v1,primitive,exec,cpu,matmul,brg_matmul:avx512_core_bf16,undef,src:bf16::blocked:ab::f0\
 dst:bf16::blocked:ab::f0,attr-scratchpad:user,,2x16x8192:2x8192x512,1.5
"""


def test_onednn_kernels_are_counted_and_their_products_known():
    kernels = module("layers").kernels_of(LOG.splitlines())
    convolution = "mb2_ic64oc128_ih32oh16kh4sh2dh0ph1_iw32ow16kw4sw2dw0pw1"
    found = kernels["convolution, forward_training", convolution]
    assert found.milliseconds == [0.5]
    # Two products' worth for each of 2 images, 128 channels, 16x16 pixels, 64 * 4 * 4 inputs.
    assert found.gflop == pytest.approx(2 * 2 * 128 * 16 * 16 * 64 * 4 * 4 / 1e9)
    reorder = kernels["reorder", "64x3x4x4"]
    assert reorder.milliseconds == [2.0, 4.0] and reorder.gflop == 0.0
    product = kernels["matmul", "2x16x8192:2x8192x512"]
    assert product.gflop == pytest.approx(2 * 2 * 16 * 8192 * 512 / 1e9)


SPINNING_CHILD = """
import subprocess, sys
from benchmarks.worker import take_turns
spin = "import time\\nwhile time.process_time() < 0.4: pass"
take_turns(lambda: subprocess.run([sys.executable, "-c", spin]))
"""


def test_processes_of_a_contestant_are_no_foreign_load():
    race = module("race")
    runner = race.Runner(race.Contestant("spinning", [sys.executable, "-c", SPINNING_CHILD]))
    try:
        before = runner.own_seconds()
        runner.round(1)
        # Its child is waited for, so that its time has become the contestant's own.
        assert runner.own_seconds() - before > 0.3
    finally:
        runner.stop()


def test_the_page_shows_what_was_measured(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    files = [ROOT / "benchmarks" / name for name in ("results.json", "results_amx.json")]
    measured = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    made = importlib.import_module("benchmarks.page").page(*measured)
    assert made == (ROOT / "docs/speed.md").read_text(encoding="utf-8"), "run: make bench"


def test_races_run_again_show_their_spread(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    keep_ratios = importlib.import_module("benchmarks.run").keep_ratios
    results = {"repeats": {"training": {"pix2pix 64": {"tfi2i bfloat16": [9.0]}}}}
    for seconds, first in ((0.5, True), (0.4, False)):
        outcomes = {"PyTorch float32": {"median_s": 1.0}, "tfi2i bfloat16": {"median_s": seconds}}
        keep_ratios(results, "training", {"pix2pix 64": outcomes}, first=first)
    kept = results["repeats"]["training"]["pix2pix 64"]
    assert kept == {"PyTorch float32": [1.0, 1.0], "tfi2i bfloat16": [2.0, 2.5]}

    machine = {"processor": "P", "cores": 2, "versions": {"tensorflow": "2"}}
    machines = {"training": machine, "trained": {**machine, "cores": 1}}
    presets = {"a": {"saved_model bfloat16": 51.25}, "b": {"refused": "too far"}}
    made = importlib.import_module("benchmarks.page").page(
        {"machines": machines, **results, "trained": presets}
    )
    assert "| pix2pix 64 px: tfi2i bfloat16 | 2.00 / 2.50 | 25% |" in made
    assert "writes: P, 2 cores, TensorFlow 2." in made
    assert made.count("Measured on P, 1 core, TensorFlow 2.") == 1
    assert "| `a` | 51.2 |" in made and "| `b` |  |" in made and "- `b`: too far" in made


def test_what_fit_adds_is_a_share_of_the_raced_steps(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    machine = {"processor": "P", "cores": 2, "versions": {"tensorflow": "2"}}
    seconds = {"tfi2i bfloat16": 0.2, "tfi2i float32": 0.1, "PyTorch float32": 0.05}
    memory = {"peak_mib": 9, "libraries_mib": 1, "weights": 2**20}
    raced = {name: {"median_s": s, **memory} for name, s in seconds.items()}
    results = {
        "machines": {"fit_adds": machine, "training": machine},
        "training": {"pix2pix 64": raced},
        "fit_adds": {
            "pix2pix": {"through fit": {"median_s": 7e-3}, "without fit": {"median_s": 5e-3}}
        },
    }
    made = importlib.import_module("benchmarks.page").page(results)
    assert "| pix2pix | 7.00 | 5.00 | pix2pix 64 px 2.0% |" in made
    # Of a million weights, four numbers of four bytes each.
    assert "| weights, gradients and Adam's moments alone | 16 |" in made


def test_what_onednn_brings_is_a_ratio(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    section = importlib.import_module("benchmarks.onednn").onednn_section
    works = {"pix2pix 64 px": {"with oneDNN": {"median_s": 0.2}, "without": {"median_s": 0.3}}}
    assert "| pix2pix 64 px | 200 | 300 (1.50) |" in section(works)


def test_the_page_of_exported_files_is_what_its_command_makes_of_the_figures():
    results = json.loads((ROOT / "benchmarks/results_parity.json").read_text(encoding="utf-8"))
    written = (ROOT / "docs/parity.md").read_text(encoding="utf-8")
    assert written == module("parity_page").parity_page(results)
    for preset, views in results["presets"].items():
        for view, sizes in views.items():
            ways = {way for found in sizes.values() for way in found}
            assert {way.split(" ")[0] for way in ways} <= {"SavedModel", "LiteRT", "page"}
            # What computes in float32, or from weights in half precision, is off by a level or two.
            exact = [one for way in ways if "int8" not in way for one in _of(sizes, way)]
            assert max(one["levels"] for one in exact) <= 3, (preset, view)


def _of(sizes, way):
    return [found[way] for found in sizes.values() if way in found]


def test_the_page_of_scales_is_what_its_command_makes_of_the_figures():
    results = json.loads((ROOT / "benchmarks/results_scale.json").read_text(encoding="utf-8"))
    page = module("scale_page").scale_page(results)
    assert (ROOT / "docs/scale.md").read_text(encoding="utf-8") == page
    # The default has the smallest error over all kinds of picture.
    for table in results["figures"].values():
        ways = {
            way: [row[way]["psnr_db"] for row in table.values()] for way in table["larger crops"]
        }
        assert max(ways, key=lambda way: sum(ways[way])) == "factor of training (`trained`)"


def test_the_page_of_one_picture_and_the_cards_say_what_was_measured(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    page = importlib.import_module("benchmarks.one_picture_page")
    files = [ROOT / f"benchmarks/results_{name}.json" for name in ("one_picture", "large_images")]
    results, large = (json.loads(path.read_text(encoding="utf-8")) for path in files)
    made = page.one_picture_page(results, large)
    written = (ROOT / "docs/one_picture.md").read_text(encoding="utf-8")
    assert written == made, "run: python -m benchmarks.one_picture --page docs/one_picture.md"
    sentences = page.card_sentences(results)
    presets = importlib.import_module("benchmarks.pictures").translating_presets()
    assert list(results["presets"]) == list(presets)
    for preset, variant in presets.items():
        found, facts = results["presets"][preset], read_model_facts(preset_folder(preset))
        assert found["weights_sha256"] == facts["weights_sha256"], f"measure {preset} anew"
        card = " ".join((variant.folder / "README.md").read_text(encoding="utf-8").split())
        for sentence in sentences.get(preset, []):
            assert sentence in card
        for by_size in found["agreement"].values():
            for by_route in by_size.values():
                by_default = [f for name, f in by_route.items() if "int8" not in name]
                assert all(f is None or f >= page.LEAST_DB for f in by_default)


def test_generators_beside_pytorch_and_the_peak(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    section = importlib.import_module("benchmarks.page_generation").generation_section
    seconds = {"tfi2i bfloat16": 2.0, "PyTorch float32": 4.0, "PyTorch bfloat16, compiled": 2.5}
    outcomes = {name: {"median_s": one} for name, one in seconds.items()}
    shares = {"peak_gflops": {"bfloat16": 200}, "dcgan 64 px, batch 64 step": {"gflop": 300.0}}
    works = {"dcgan 64 px, batch 64": outcomes, "wgan_gp 64 px, batch 320": outcomes}
    text = section({"generation": works, "shares": shares})
    assert "| dcgan 64 px, batch 64 | 2.00 | 2.50 | 1.25 | 1.50 | 1.67 |" in text
    assert "| wgan_gp 64 px, batch 320 | 2.00 | 2.50 | 1.25 |  |  |" in text


def test_figures_of_files_for_phones_stand_on_their_page():
    phones = module("phones")
    page = (ROOT / "docs/phones.md").read_text(encoding="utf-8")
    found = json.loads(phones.RESULTS.read_text(encoding="utf-8"))
    made = phones.with_tables(page, found)
    assert made == page, "run: python -m benchmarks.phones --page docs/phones.md"
    for directions in found.values():
        for figures in directions.values():
            assert figures["formats"]["uint8"]["psnr_db"] >= 30
