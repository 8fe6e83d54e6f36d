"""Which folders become which packages, and what an index shows; all else is in pyproject.toml.

`zoo/` and `export/` stand at the top level of the repository, for readers, and install as
`tfi2i.zoo` and `tfi2i.export`: nothing called `zoo` or `export` reaches site-packages.
"""

import re
from pathlib import Path

from setuptools import find_packages, setup

PLACED = {"tfi2i": "tfi2i", "tfi2i.zoo": "zoo", "tfi2i.export": "export"}


def packages() -> list[str]:
    found = []
    for package, folder in PLACED.items():
        found += [package, *(f"{package}.{child}" for child in find_packages(folder))]
    return found


def description() -> str:
    """The README for a package index, which has no other file of the repository.

    Pictures are left out, and of links to files there remain the words.
    """
    readme = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
    alone = re.sub(r"<!-- pictures: begin -->.*<!-- pictures: end -->\n\n", "", readme, flags=re.S)
    return re.sub(r"\[([^\]]*)\]\((?!https?:)[^)]*\)", r"\1", alone)


setup(
    long_description=description(),
    long_description_content_type="text/markdown",
    packages=packages(),
    package_dir=PLACED,
    package_data={
        "tfi2i": ["**/*.html", "**/*.css", "**/*.js"],
        "tfi2i.export": ["**/*.html", "**/*.css", "**/*.js"],
        "tfi2i.zoo": [
            "**/*.yaml",
            "**/README.md",
            "**/*.json",
            "**/*.svg",
            "**/pictures*.jpg",
            "**/sheet*.*",
            "**/walk*.*",
            "**/weights/**",
        ],
    },
    include_package_data=False,
)
