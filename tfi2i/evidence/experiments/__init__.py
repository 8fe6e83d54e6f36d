"""Small experiments on what papers say of the game: each a command, with its figures and picture.

    python -m tfi2i.evidence.experiments.saturation

writes `docs/game/saturation.json` and `.svg` and its section of `docs/game.md`.
"""
