"""`tfi2i translate --runner`: files through a translator, as an Apache Beam pipeline.

Paths may be local (of a file system that all machines share) or addresses that Beam reads, such as
gs://, s3:// and hdfs://. A file gets its name when it is complete, and files that are there stay,
so that a pipeline that was stopped goes on when it is started again. What cannot be read is listed
in `left_out.jsonl`, with the reason, and stops nothing.
"""

# pyright: reportMissingImports=false
import contextlib
import glob
import json
import logging
import os
import posixpath
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
from apache_beam.io.fileio import MatchAll
from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems
from apache_beam.metrics import Metrics
from apache_beam.ml.inference.base import KeyedModelHandler, PredictionResult, RunInference
from apache_beam.options.pipeline_options import PipelineOptions

from tfi2i.data.folders.listing import SUFFIXES
from tfi2i.errors import DataError
from tfi2i.export.beam.handler import Made, Picture, TranslatorHandler, made_suffix

LEFT_OUT = "left_out.jsonl"
_BAD = "bad"
_NAMESPACE = "tfi2i.translate"
_SECONDS_BETWEEN_LINES = 10.0
_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Counts:
    """What a pipeline did.

    Attributes:
        translated: Pictures that were written.
        there: Pictures whose translation was there already.
        left_out: Pictures that cannot be read; `left_out.jsonl` lists them.
        several: Translated pictures with more than one frame, of which the first was taken.
    """

    translated: int
    there: int
    left_out: int
    several: int


def translate_on(
    runner: str,
    inputs: Sequence[str],
    out: str,
    handler: TranslatorHandler,
    possible: Sequence[str],
    *,
    options: Sequence[str] = (),
    overwrite: bool = False,
    resume: bool = False,
) -> Counts:
    """Runs the pipeline until it is done.

    Args:
        runner: Name of a runner as Beam has it: DirectRunner, FlinkRunner, SparkRunner, ...
        inputs: Files, folders (the pictures directly in them) and globs.
        out: The folder for the translations, which keep their path below the folder of an input.
        handler: Translates.
        possible: Suffixes that names keep; others become the first.
        options: Beam's own and the runner's, such as `--direct_num_workers=2`.
        overwrite: Replace files that are there.
        resume: Leave files that are there, and translate the others.

    Raises:
        DataError: An input names no file, there are files in `out` (without `overwrite` and
            `resume`), or there is no such runner.
    """
    sources = [_Source.of(text) for text in inputs]
    for source in sources:
        if not _matches(source.pattern):
            raise DataError(f"no file matches {source.text}")
    out = _absolute(out)
    if not (overwrite or resume) and _matches(posixpath.join(glob.escape(out), "*")):
        raise DataError(
            f"{out} has files already: choose another output folder, replace them (--overwrite), "
            "or translate those that are missing (--resume)"
        )
    if _matches(listed := posixpath.join(glob.escape(out), LEFT_OUT)):
        FileSystems.delete([listed])
    try:
        pipeline = beam.Pipeline(runner=runner, options=PipelineOptions([*options]))
    except (ValueError, ImportError, AttributeError) as error:
        raise DataError(f"Beam does not start the runner {runner!r}: {error}") from error
    _build(pipeline, sources, out, handler, possible, overwrite)
    result = pipeline.run()
    result.wait_until_finish()
    return _counts(result)


def _build(
    pipeline: beam.Pipeline,
    sources: "Sequence[_Source]",
    out: str,
    handler: TranslatorHandler,
    possible: Sequence[str],
    overwrite: bool,
) -> None:
    named = (
        pipeline
        | "patterns" >> beam.Create([source.pattern for source in sources])
        | "files" >> MatchAll()
        | "names" >> beam.FlatMap(_named, [*sources], out, [*possible])
        # Of equal names none is translated. What one worker listed goes to all.
        | "by name" >> beam.GroupByKey()
    )
    read = named | "read" >> beam.ParDo(_Read(overwrite)).with_outputs(_BAD, main="pictures")
    written = (
        read.pictures
        | "translate" >> RunInference(KeyedModelHandler(handler))
        | "write" >> beam.ParDo(_Write()).with_outputs(_BAD, main="done")
    )
    _ = (
        (read[_BAD], written[_BAD])
        | "what is left out" >> beam.Flatten()
        | "as JSON" >> beam.Map(lambda pair: json.dumps({"file": pair[0], "reason": pair[1]}))
        | "list"
        >> beam.io.WriteToText(
            posixpath.join(out, LEFT_OUT), num_shards=1, shard_name_template="", skip_if_empty=True
        )
    )


@dataclass(frozen=True)
class _Source:
    """An input.

    Attributes:
        text: As the user wrote it.
        pattern: As Beam matches it.
        root: The folder above everything that it names.
    """

    text: str
    pattern: str
    root: str

    @classmethod
    def of(cls, text: str) -> "_Source":
        path = _absolute(text)
        if os.path.isdir(path) or text.endswith("/"):
            return cls(text, posixpath.join(glob.escape(path), "*"), path)
        if "://" not in text and os.path.exists(path):
            return cls(text, glob.escape(path), posixpath.dirname(path))
        # Folders that exist as they are written are taken literally, brackets and all.
        root = posixpath.dirname(path)
        while not os.path.isdir(root) and glob.has_magic(root):
            root = posixpath.dirname(root)
        return cls(text, glob.escape(root) + path[len(root) :], root)


def _absolute(text: str) -> str:
    """Workers have other working folders; addresses stay as they are."""
    return text.rstrip("/") if "://" in text else os.path.abspath(os.path.expanduser(text))


def _matches(pattern: str) -> bool:
    try:
        return any(found.metadata_list for found in FileSystems.match([pattern], limits=[1]))
    except BeamIOError:
        return False


def _named(
    found: Any, sources: Sequence[_Source], out: str, possible: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """The translation's path and the picture's, if this is one and no earlier translation."""
    path = found.path
    suffix = os.path.splitext(path)[1].lower()
    roots = [one.root for one in sources if path.startswith(one.root.rstrip("/") + "/")]
    relative = (
        path[len(max(roots, key=len).rstrip("/")) + 1 :] if roots else posixpath.basename(path)
    )
    hidden = any(part.startswith(".") for part in relative.split("/"))
    if suffix not in SUFFIXES or hidden or path.startswith(out + "/"):
        return
    yield posixpath.join(out, os.path.splitext(relative)[0] + made_suffix(path, possible)), path


class _Read(beam.DoFn):
    """(target, sources) to (target, picture), if it is still to be done."""

    def __init__(self, overwrite: bool):
        self._overwrite = overwrite
        self._there = Metrics.counter(_NAMESPACE, "there")
        self._left_out = Metrics.counter(_NAMESPACE, "left_out")

    def process(self, element: tuple[str, Iterable[str]]) -> Iterator[Any]:
        target, sources = element[0], sorted(set(element[1]))
        if len(sources) > 1:
            for source in sources:
                self._left_out.inc()
                others = ", ".join(one for one in sources if one != source)
                reason = f"{source} would become {target}, as {others} would"
                yield beam.pvalue.TaggedOutput(_BAD, (source, reason))
            return
        if not self._overwrite and FileSystems.exists(target):
            self._there.inc()
            return
        try:
            with FileSystems.open(sources[0]) as file:
                content = file.read()
        except (OSError, BeamIOError) as error:
            self._left_out.inc()
            yield beam.pvalue.TaggedOutput(_BAD, (sources[0], f"{sources[0]}: {error}"))
            return
        yield target, Picture(sources[0], content)


class _Write(beam.DoFn):
    """Writes what was made, under a name of its own that becomes the target's at the end."""

    def __init__(self):
        self._translated = Metrics.counter(_NAMESPACE, "translated")
        self._left_out = Metrics.counter(_NAMESPACE, "left_out")
        self._several = Metrics.counter(_NAMESPACE, "several")

    def setup(self) -> None:
        self._done, self._said = 0, time.monotonic()

    def process(self, element: tuple[str, PredictionResult]) -> Iterator[Any]:
        target, result = element
        made: Made = result.inference
        if made.content is None:
            self._left_out.inc()
            yield beam.pvalue.TaggedOutput(_BAD, (result.example, made.reason))
            return
        folder = posixpath.dirname(target)
        # Another worker may have been quicker.
        with contextlib.suppress(OSError, BeamIOError):
            FileSystems.mkdirs(folder)
        partial = posixpath.join(folder, f".{uuid.uuid4().hex}.partial")
        with FileSystems.create(partial, compression_type="uncompressed") as file:
            file.write(made.content)
        if FileSystems.exists(target):
            FileSystems.delete([target])
        FileSystems.rename([partial], [target])
        self._translated.inc()
        if made.frames > 1:
            self._several.inc()
        self._say()
        yield target

    def _say(self) -> None:
        """A line now and then: how far a pipeline is, only its runner can show."""
        self._done += 1
        if time.monotonic() - self._said > _SECONDS_BETWEEN_LINES:
            self._said = time.monotonic()
            _LOGGER.info("%d pictures translated by this worker", self._done)


def _counts(result: Any) -> Counts:
    found = result.metrics().query(beam.metrics.MetricsFilter().with_namespace(_NAMESPACE))
    counted = {one.key.metric.name: one.result for one in found["counters"]}
    names = ("translated", "there", "left_out", "several")
    return Counts(**{name: int(counted.get(name, 0) or 0) for name in names})
