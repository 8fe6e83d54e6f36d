"""TensorBoard's events of a run, where TensorBoard is installed."""

from tfi2i.training.run.folder import RunFolder


class Events:
    """Writes the numbers of a run for TensorBoard; does nothing where it is not installed."""

    def __init__(self, folder: RunFolder):
        """Opens the folder `tensorboard` of a run."""
        try:
            import tensorboard  # noqa: F401  (an extra: TensorFlow itself can write without it)
        except ImportError:
            self._writer = None
            return
        import tensorflow as tf

        self._writer = tf.summary.create_file_writer(str(folder.path / "tensorboard"))

    def write(self, line: dict[str, float]) -> None:
        """Writes the values of a line of `metrics.jsonl`, at its iteration."""
        if self._writer is None:
            return
        import tensorflow as tf

        with self._writer.as_default(step=int(line["iteration"])):
            for name, value in line.items():
                if name not in ("iteration", "epoch"):
                    tf.summary.scalar(name, value)
