"""The faults: what is done, and what is promised, from `rows.yaml`."""

from pathlib import Path
from typing import NamedTuple

import yaml


class Row(NamedTuple):
    """One fault of the table.

    Attributes:
        number: By which tests refer to it.
        fault: What is made to happen.
        promise: What happens then.
        elsewhere: Where no test of this project can make it happen: why, in words.
    """

    number: str
    fault: str
    promise: str
    elsewhere: str = ""


ROWS = tuple(
    Row(**one) for one in yaml.safe_load(Path(__file__).with_name("rows.yaml").read_text("utf-8"))
)
