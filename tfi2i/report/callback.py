"""Keeps a run's page up to date while it trains."""

import keras

from tfi2i.training.run_folder import RunFolder


class RefreshRunPage(keras.callbacks.Callback):
    """Writes the page of a run."""

    def __init__(self, folder: RunFolder, total_iterations: int):
        """Takes the run folder and the iterations that the run will have."""
        super().__init__()
