"""Which folders become which packages; everything else is in pyproject.toml.

`zoo/` and `export/` stand at the top level of the repository, for readers, and install as
`tfi2i.zoo` and `tfi2i.export`: nothing called `zoo` or `export` reaches site-packages.
"""

from setuptools import find_packages, setup

PLACED = {"tfi2i": "tfi2i", "tfi2i.zoo": "zoo", "tfi2i.export": "export"}


def packages() -> list[str]:
    found = []
    for package, folder in PLACED.items():
        found += [package, *(f"{package}.{child}" for child in find_packages(folder))]
    return found


setup(
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
