"""All faults: from the functions of `targets` and `zoo/`, and from the list by hand."""

import ast
from collections.abc import Iterator

from tools.mutants import operators
from tools.mutants.declared import DECLARED
from tools.mutants.equivalent import EQUIVALENT
from tools.mutants.fault import ROOT, Fault, StaleError
from tools.mutants.targets import LOSS_TESTS, MECHANISMS, RATES, Target, objective_tests
from tools.mutants.tree import named_functions, piece, reached


def all_faults() -> list[Fault]:
    """Every fault, without those that no test could notice.

    Raises:
        StaleError: If a list does not fit the code any more.
    """
    made = [*generated(), *declared()]
    hidden = [fault for fault in made if _reason(fault) is not None]
    for entry in EQUIVALENT:
        if not any(entry.covers(fault) for fault in hidden):
            raise StaleError(f"no fault is {entry}: remove it from equivalent.py")
    return [fault for fault in made if fault not in hidden]


def equivalents() -> list[Fault]:
    """The faults that no test could notice."""
    return [fault for fault in (*generated(), *declared()) if _reason(fault) is not None]


def generated() -> Iterator[Fault]:
    """The faults that are made from the syntax trees, each text once."""
    seen = set()
    for target in (*_variants(), *_losses(), *MECHANISMS):
        source = (ROOT / target.path).read_bytes()
        functions = named_functions(ast.parse(source))
        for name in target.functions:
            if name not in functions:
                raise StaleError(
                    f"{target.path} has no {name} any more: see tools/mutants/targets.py"
                )
            for kind in target.kinds:
                for node, new in kind(functions[name]):
                    start, old = piece(source, node)
                    if (target.path, start, old, new) not in seen and old != new:
                        seen.add((target.path, start, old, new))
                        yield Fault(target.path, name, kind.__name__, start, old, new, target.tests)


def declared() -> Iterator[Fault]:
    """The faults of the list by hand.

    Raises:
        StaleError: If a snippet is not in its file, or is there more than once.
    """
    for entry in DECLARED:
        source = (ROOT / entry.path).read_text(encoding="utf-8")
        if source.count(entry.old) != 1:
            raise StaleError(
                f"{entry.path}: a fault begins from a piece of code that is there "
                f"{source.count(entry.old)} times, not once; mend it in tools/mutants/declared.py"
                f"\n{entry.old}"
            )
        start = len(source[: source.index(entry.old)].encode())
        yield Fault(entry.path, entry.says, "declared", start, entry.old, entry.new, entry.tests)


def _variants() -> Iterator[Target]:
    """Of every variant, `train_step` and all that it calls in its own file; and `make_players`."""
    for path in sorted((ROOT / "zoo").glob("*/*/model.py")):
        functions = named_functions(ast.parse(path.read_bytes()))
        relative, variant = str(path.relative_to(ROOT)), path.parent.name
        tests = objective_tests(variant)
        steps = [name for name in functions if name.endswith(".train_step")]
        names = reached(steps, functions)
        yield Target(relative, tuple(names), operators.OBJECTIVE, tests)
        made = tuple(name for name in functions if name.endswith(".make_players"))
        yield Target(relative, made, (operators.networks,), tests)
        yield Target(relative, made, (operators.rates, operators.swap), (RATES.format(variant),))


def _losses() -> Iterator[Target]:
    for path in sorted((ROOT / "tfi2i" / "losses").glob("[a-z]*.py")):
        functions = tuple(named_functions(ast.parse(path.read_bytes())))
        tests = LOSS_TESTS.get(path.name, ("tests/test_losses.py",))
        yield Target(str(path.relative_to(ROOT)), functions, operators.LOSS, tests)


def _reason(fault: Fault) -> str | None:
    for entry in EQUIVALENT:
        if entry.covers(fault):
            return entry.reason
    return None
