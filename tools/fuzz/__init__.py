"""Inputs that nobody wrote, for everything that reads what somebody else made.

`guided` feeds bytes to a reader and keeps those that reach new code, by atheris; `drawn` draws
recipes, `model.json` and folders, by hypothesis. Each input must be taken or be refused by an error
of tfi2i's own, within `SECONDS` of the processor and `MEGABYTES`.

    python -m tools.fuzz --seconds 600
"""

SECONDS = 2.0
MEGABYTES = 500
LONGEST_MESSAGE = 3000
