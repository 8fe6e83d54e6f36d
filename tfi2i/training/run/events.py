"""TensorBoard's events of a run, where TensorBoard is installed."""

from collections.abc import Iterator
from contextlib import contextmanager

from tfi2i.errors import RunError
from tfi2i.training.run.folder import RunFolder


class Events:
    """Writes the numbers of a run for TensorBoard; does nothing where it is not installed."""

    def __init__(self, folder: RunFolder):
        """Opens the folder `tensorboard` of a run.

        Raises:
            RunError: It cannot be written.
        """
        try:
            import tensorboard  # noqa: F401  (an extra: TensorFlow itself can write without it)
        except ImportError:
            self._writer = None
            return
        import tensorflow as tf

        self._place = folder.path / "tensorboard"
        with self._said():
            self._writer = tf.summary.create_file_writer(str(self._place))

    def write(self, line: dict[str, float]) -> None:
        """Writes the values of a line of `metrics.jsonl`, at its iteration.

        Raises:
            RunError: They cannot be written.
        """
        if self._writer is None:
            return
        import tensorflow as tf

        with self._said(), self._writer.as_default(step=int(line["iteration"])):
            for name, value in line.items():
                if name not in ("iteration", "epoch"):
                    tf.summary.scalar(name, value)
            self._writer.flush()

    @contextmanager
    def _said(self) -> Iterator[None]:
        """That TensorFlow cannot write becomes an error as of any other file of the run."""
        import tensorflow as tf

        try:
            yield
        except tf.errors.OpError as error:
            reason = error.message.splitlines()[0].rpartition(";")[-1].strip()
            raise RunError(
                f"cannot write {self._place}: {reason}. Make room, and give the command again"
            ) from error
