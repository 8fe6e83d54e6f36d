"""The documentation site: `make docs` builds it from these pages, the cards and the docstrings."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

project = "tfi2i"
author = "the authors of tfi2i"
project_copyright = "the authors of tfi2i, Apache-2.0"

extensions = ["myst_parser", "autoapi.extension", "sphinx.ext.napoleon", "sphinx_copybutton"]
# The repository is the source, so that links between README, cards and pages are links of files.
root_doc = "docs/index"
include_patterns = ["docs/**.md", "docs/api/**", "zoo/**/README.md", "C*.md", "SECURITY.md"]
exclude_patterns = [".venv*", "build", "runs", "datasets"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4

html_theme = "furo"
html_title = "tfi2i"
# The first page lies a folder deeper than a server looks.
html_extra_path = ["_extra"]

# zoo/ and export/ are imported as tfi2i.zoo and tfi2i.export, and are shown so.
STAGED = ROOT / "build" / "api" / "tfi2i"


def _stage() -> None:
    shutil.rmtree(STAGED, ignore_errors=True)
    shutil.copytree(ROOT / "tfi2i", STAGED, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("zoo", "export"):
        only_code = shutil.ignore_patterns("__pycache__", "*.yaml", "*.json", "*.jpg", "*.npz")
        shutil.copytree(ROOT / name, STAGED / name, ignore=only_code)


_stage()
autoapi_dirs = [str(STAGED)]
autoapi_root = "docs/api"
# Who trains and ships a model calls these; the command's own modules are not a library.
autoapi_ignore = [
    f"*/{room}/*" for room in ("cli", "evidence", "importing", "report", "torch_files")
]
# Packages without a docstring are undocumented.
autoapi_options = ["members", "undoc-members", "show-module-summary"]
autoapi_python_class_content = "both"
autoapi_add_toctree_entry = False
autoapi_keep_files = False
# Names that are imported when they are first used (tfi2i.lazy) cannot be followed in the source.
suppress_warnings = ["autoapi.python_import_resolution"]
# `name` in a docstring is code.
default_role = "code"
napoleon_use_rtype = False


def _formulas(app, what, name, owner, options, lines: list[str]) -> None:
    """What stands apart and further in, formulas and examples, is shown as it is."""
    result: list[str] = []
    literal, apart, before = False, False, ""
    for line in lines:
        inside = line.startswith("    ")
        if line == "Example:":
            result += [".. rubric:: Example", "", "::", ""]
            literal, apart, before = True, False, line
            continue
        if line.strip():
            if not inside:
                literal = False
            elif apart and before and not before.startswith("    "):
                result += ["::", ""]
                literal = True
            before = line
        apart = not line.strip()
        result.append(line if literal else _escaped(line))
    lines[:] = result


def _escaped(line: str) -> str:
    """Without references where a formula has lengths, |x|; what is code stays as it is."""
    parts = line.split("`")
    return "`".join(p if n % 2 else p.replace("|", r"\|") for n, p in enumerate(parts))


def setup(app) -> None:
    """Before napoleon, which has 500, reads the sections of docstrings."""
    app.connect("autodoc-process-docstring", _formulas, priority=400)


napoleon_use_ivar = True
