"""Each sentence of SECURITY.md that says what tfi2i does names the test that holds it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
NOTHING = "test_nothing_is_executed.py"
# The beginning of a sentence, and where it is tested; none where it is advice or a limit.
HELD_BY = {
    "Eight formats only": ("test_data_images.py", "test_other_formats_are_not_tried"),
    "The header is checked before": ("test_data_images.py", "test_a_small_png_bomb_costs_little"),
    "A file that is far too small": ("test_large_pictures.py", "test_files_too_small_for_their"),
    "All threads together decode": ("test_large_pictures.py", "test_eight_bombs_in_a_folder"),
    "Everything a decoder may raise": ("test_data_images.py", "test_whatever_a_decoder_raises"),
    "With the extra `video` alone": ("test_clips.py", "test_without_the_extra_it_is_named"),
    "`model.json` and a `.npz` file": ("test_damaged_files.py", "test_hostile_arrays_are_refused"),
    "Neither file contains code": (NOTHING, "test_no_path_of_the_package_runs_what_it_reads"),
    "The variant must be one": ("test_damaged_files.py", "test_model_json_of_another_form"),
    "Its arguments must be": ("test_damaged_files.py", "test_hostile_arguments_are_refused"),
    "Saved models and presets are": ("test_hub.py", "test_what_the_hub_does_not_have_is_one_line"),
    "The headers are compared": ("test_damaged_files.py", "test_gigabytes_in_a_small_file"),
    "Both forms, the ZIP": (NOTHING, "test_pickles_are_read_by_an_unpickler_that_finds_eight"),
    "Whole networks, TorchScript": ("test_torch_files.py", "test_other_zips_are_refused"),
    "Names, shapes and values": ("test_importing.py", "test_other_networks_are_refused_by_what"),
    "Their arrays and the names": ("test_importing.py", "test_checkpoints_that_are_none_of_the"),
    "No graph is loaded or run": (NOTHING, "test_no_path_of_the_package_runs_what_it_reads"),
    "Read by `load_weights`": (NOTHING, "test_hdf5_that_reads_other_files_or_claims"),
    "YAML, read by the safe loader": ("test_recipe_values.py", "test_a_harmful_file_is_one_short"),
    "Nothing in a recipe is": (NOTHING, "test_pickled_arrays_and_recipes_with_tags_run_nothing"),
    "**A SavedModel is a program": None,
    "tfi2i writes them, and loads only": (NOTHING, "test_no_path_of_the_package_runs_what"),
    "If you serve one from": None,
    "HDF5, through Keras'": (NOTHING, "test_no_path_of_the_package_runs_what_it_reads"),
    "Not read, and refused": (NOTHING, "test_files_of_keras_are_refused_by_every_door"),
    "Not covered: the memory": None,
    "They follow from the numbers": None,
    "The SHA-256 in a folder shows": None,
    "TFDS builders and": None,
    "The demo and the training page": (NOTHING, "test_no_path_of_the_package_runs_what_it"),
    "The exported SavedModel decodes": ("test_export_saved_model.py", "test_bad_bytes_are_refused"),
    "It checks their headers first": ("test_export_growth.py", "test_an_export_knows_its_limit"),
    "Put TF Serving behind": None,
    "Each sentence above": None,
}


def sentences() -> list[str]:
    """Of the part that says what is trusted."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8").split("## Reporting")[0]
    rows = [line.split(" | ", 1)[1] for line in text.splitlines() if line.startswith("| ")][1:]
    prose = [part for part in text.split("\n\n") if part and part[0] not in "#|"]
    parts = [" ".join(part.split()).removesuffix(" |") for part in (*rows, *prose)]
    return [one for part in parts for one in re.split(r"(?<=\.) |(?<=\.\*\*) ", part)]


def test_each_sentence_has_its_test():
    found = [one for one in sentences() if one]
    assert len(found) > 25
    for sentence in found:
        begun = [start for start in HELD_BY if sentence.startswith(start)]
        assert begun, f"no test is named for: {sentence}"
    for start, held in HELD_BY.items():
        assert any(sentence.startswith(start) for sentence in found), start
        if held is not None:
            (file,) = TESTS.rglob(held[0])
            assert f"def {held[1]}" in file.read_text(encoding="utf-8"), held
