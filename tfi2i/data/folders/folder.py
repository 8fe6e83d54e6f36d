"""A folder of images becomes a source: its form is recognised, its files are looked at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tfi2i.data.captions import with_embeddings
from tfi2i.data.decode.files import FileImages, Side, SideBySide
from tfi2i.data.decode.images import display_name
from tfi2i.data.decode.values import EIGHT_BITS, ValueRange
from tfi2i.data.domains import AskedOfDomains, Domain, value_range_of
from tfi2i.data.fingerprint import fingerprint, with_content
from tfi2i.data.folders.captions import read_captions
from tfi2i.data.folders.halves import lone_inputs
from tfi2i.data.folders.layouts import Group, Layout, recognise
from tfi2i.data.folders.pairing import align_names, decide_kind, unequal_sizes
from tfi2i.data.folders.scan import Scanned, report_bad, scan
from tfi2i.data.folders.unused import Unused
from tfi2i.data.source import DataSource, Split, counts_in_words
from tfi2i.errors import DataError


def open_folder(
    folder: Path,
    *,
    kind: str | None = None,
    direction: str = "a2b",
    asked: AskedOfDomains,
    skip_bad: bool = False,
    side: Side | None = None,
) -> DataSource:
    """Recognises a folder's form and checks the header of every file.

    Forms: trainA trainB [testA testB]; train [val test] with images that hold a pair side by side
    (two squares, or two images of any shape if `side` says so); two folders with equal file names
    (also with train and test in each, or inside train and test); one folder for each class; one
    plain folder, or train [val test]. Where there is no test part, val serves as test; where there
    is neither, nothing is held out. A test part may have inputs alone: testA without testB, test
    with images in place of pairs. Pictures that no part reads (in further subfolders, at any
    depth, or of a kind that is not read, such as HEIC) are counted and named in the description.

    Args:
        folder: the folder.
        kind: None for the kind that the form suggests, or another one for which the form can serve:
            pairs and two classes also as unpaired, trainA and trainB with equal names as paired,
            two folders as classes, anything as images.
        direction: "b2a" exchanges a and b. Domains are named in alphabetical order; in side-by-side
            images the left one is a.
        asked: channels and value ranges of the domains.
        skip_bad: leave out files that cannot be used; all are then decoded once.
        side: see `open_source`.

    Raises:
        DataError: see `open_source`.
    """
    folder = folder.expanduser()
    layout = recognise(folder, root_only=kind in ("images", "captioned"))
    paths = [path for group in layout.groups() for path in group.paths()]
    found = scan(paths, decode_all=skip_bad)
    bad = [one for one in found.values() if one.fault]
    if bad and not skip_bad:
        raise report_bad(folder, bad, len(paths))
    kind = decide_kind(layout, kind, found, side)
    swap = (direction == "b2a") != (side == "right")
    builder = _Builder(layout, found, asked, swap=swap, side=side)
    splits = {split: builder.split(split, kind) for split in layout.parts}
    text_encoder = ""
    if kind == "captioned":
        splits, text_encoder = with_embeddings(splits, layout.folder)
    words = builder.words(kind)
    if "test" not in splits and "val" in splits:
        splits["test"] = splits.pop("val")
        words += "; val serves as test"
    description = f"found {kind} ({words}): {counts_in_words(kind, splits)}"
    description += builder.depths()
    if builder.unequal:
        description += f"; {builder.unequal} pairs have two sizes, which are brought to one"
    if bad:
        description += f"; skipped {len(bad)} files that cannot be used"
    description += _unused_in_words(layout.unused(folder))
    content = sorted((display_name(path), found[path].bytes, path) for path in paths)
    root = len(display_name(folder))
    # Names are relative: a folder that was moved is the same data.
    halves = () if side is None else (side,)
    files = [(name[root:], size) for name, size, _ in content]
    # Words, and what became of them.
    words_too = [
        part
        for split in splits.values()
        if split.captions is not None
        for part in (text_encoder, split.captions)
    ]
    names = fingerprint(kind, direction, *halves, asked.channels, files, *words_too)
    return DataSource(
        kind=kind,
        name=display_name(folder),
        description=description,
        splits=splits,
        fingerprint=with_content(
            names, [(path, size) for _, size, path in content if not found[path].fault]
        ),
        skipped=[one.fault for one in bad if one.fault] + builder.left_alone,
        class_names=tuple(map(display_name, layout.names()))
        if kind in ("images", "labelled") and not layout.is_flat
        else (),
        text_encoder=text_encoder,
        # Two halves of one file belong together, whatever they are used for.
        aligned_test="test" in splits
        and splits["test"].b is not None
        and (kind == "paired" or (kind == "unpaired" and layout.is_flat)),
    )


def _unused_in_words(unused: Unused) -> str:
    """The end of a description: pictures that are not used, and how they would be."""
    if not str(unused):
        return ""
    ways = []
    if unused.images:
        ways.append("move images beside those that are used")
    if unused.other_kinds:
        ways.append("convert other kinds to PNG or JPEG")
    return f"; NOT used: {unused}" + (f" ({', '.join(ways)})" if ways else "")


@dataclass
class _Builder:
    """Makes the splits of a layout; bad files are left out, and their partners in pairs."""

    layout: Layout
    found: Mapping[Path, Scanned]
    asked: AskedOfDomains
    swap: bool
    side: Side | None
    left_alone: list[str] = field(default_factory=list)
    unequal: int = 0
    _ranges: dict[Domain, ValueRange] = field(default_factory=dict)

    def split(self, name: str, kind: str) -> Split:
        groups = self.layout.parts[name]
        if self.layout.is_flat:
            if kind == "captioned":
                return self._captioned(groups[""])
            if kind == "images" or name in lone_inputs(self.layout, self.side, self.found):
                return Split(self._images([groups[""]], "a"))
            left, right = (self._images([groups[""]], domain) for domain in self._sides())
            both = SideBySide(left)
            # One file is decoded once for both halves, unless they are not read alike.
            alike = (left.channels, left.value_range) == (right.channels, right.value_range)
            return self._ordered(both.left(), (both if alike else SideBySide(right)).right())
        classes = self.layout.names()
        if "" in groups:
            if kind == "labelled":
                raise DataError(
                    f"{display_name(self.layout.folder)}: train has folders of images and {name} "
                    "holds images directly; use one form for all"
                )
            return Split(self._images([groups[""]], "a"))
        unknown = groups.keys() - set(classes)
        if unknown:
            raise DataError(
                f"{display_name(self.layout.folder)}: {name} has the folder "
                f"{display_name(min(unknown))}, which the training part does not have"
            )
        if kind in ("images", "labelled"):
            present = [one for one in classes if one in groups]
            images = self._images([groups[one] for one in present], "a", with_folder=True)
            return Split(images, labels=self._labels(groups, classes))
        if name != "train" and len(groups) == 1:
            return Split(self._images([self._lone_group(name, groups)], "a"))
        for one in classes:
            if one not in groups:
                raise DataError(
                    f"{display_name(self.layout.folder)}: {name} has no folder {display_name(one)} "
                    f"with images, so {kind} images cannot be made of it"
                )
        group_a, group_b = (groups[one] for one in classes)
        if kind == "paired":
            pairs = self._pairs(group_a, group_b)
            group_a = Group(group_a.folder, tuple(a.name for a, _ in pairs))
            group_b = Group(group_b.folder, tuple(b.name for _, b in pairs))
        first, second = self._sides()
        return self._ordered(self._images([group_a], first), self._images([group_b], second))

    def _captioned(self, group: Group) -> Split:
        captions = read_captions(group.folder, group.files)
        own = tuple(captions[path.name] for path in self._good(group))
        return Split(self._images([group], "a"), captions=own)

    def words(self, kind: str) -> str:
        layout = self.layout
        first, second = ("right", "left") if self.swap else ("left", "right")
        if layout.is_flat:
            if kind in ("images", "captioned"):
                return layout.words
            return f"{layout.words}, two images side by side, {first} to {second}"
        if kind in ("paired", "unpaired"):
            names = [display_name(name) for name in layout.names()]
            first, second = reversed(names) if self.swap else names
            return f"{layout.words}, {first} to {second}"
        return (
            f"{len(layout.names())} classes, {layout.words}" if kind == "labelled" else layout.words
        )

    def depths(self) -> str:
        """The depth and range of each domain, in words; nothing for 8 bits."""
        found = dict(sorted(self._ranges.items()))
        if len(set(found.values())) > 1:
            return "".join(f"; {domain}: {one.words()}" for domain, one in found.items())
        only = found["a"]
        return "" if only == EIGHT_BITS else f"; {only.words()}"

    def _sides(self) -> tuple[Domain, Domain]:
        """The domains of the first and the second group, or of the left and the right image."""
        return ("b", "a") if self.swap else ("a", "b")

    def _value_range(self, domain: Domain, groups: Sequence[Group]) -> ValueRange:
        """That of a domain, which its training images decide, and others must have too."""
        files = [(path, self.found[path].header) for group in groups for path in self._good(group)]
        where = display_name(groups[0].folder)
        found = value_range_of(files, self.asked[domain], where)
        first = self._ranges.setdefault(domain, found)
        if found != first:
            raise DataError(f"{where} has {found.words()}, but training images {first.words()}")
        return found

    def _ordered(self, a, b) -> Split:
        return Split(b, a) if self.swap else Split(a, b)

    def _images(
        self, groups: Sequence[Group], domain: Domain, *, with_folder: bool = False
    ) -> FileImages:
        paths = [path for group in groups for path in self._good(group)]
        names = [
            display_name(f"{path.parent.name}/{path.name}" if with_folder else path.name)
            for path in paths
        ]
        sizes = [self.found[path].size for path in paths]
        value_range = self._value_range(domain, groups)
        return FileImages(paths, names, sizes, self.asked[domain].channels, value_range)

    def _lone_group(self, name: str, groups: Mapping[str, Group]) -> Group:
        """The only group of a part, which must be of the domain that is translated."""
        inputs, targets = reversed(self.layout.names()) if self.swap else self.layout.names()
        if inputs not in groups:
            other = "a2b" if self.swap else "b2a"
            raise DataError(
                f"{display_name(self.layout.folder)}: {name} has images of {display_name(targets)} "
                f"and none of {display_name(inputs)}, which is what is translated: add some, or "
                f"state data.direction={other}, which translates the others"
            )
        return groups[inputs]

    def _good(self, group: Group) -> list[Path]:
        good = [path for path in group.paths() if not self.found[path].fault]
        if not good:
            raise DataError(f"{display_name(group.folder)} holds no image that can be used")
        return good

    def _labels(self, groups: Mapping[str, Group], classes: Sequence[str]) -> tuple[int, ...]:
        return tuple(
            number
            for number, one in enumerate(classes)
            if one in groups
            for _ in self._good(groups[one])
        )

    def _pairs(self, group_a: Group, group_b: Group) -> list[tuple[Path, Path]]:
        pairs = align_names(group_a, group_b)
        good = []
        for pair in pairs:
            faults = [bool(self.found[path].fault) for path in pair]
            if faults == [False, False]:
                good.append(pair)
            elif not all(faults):
                lone, lost = (pair[1], pair[0]) if faults[0] else pair
                self.left_alone.append(
                    f"{display_name(lone)}: its partner {display_name(lost)} cannot be used"
                )
        self.unequal += unequal_sizes(good, self.found)
        return good
