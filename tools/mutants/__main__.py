"""`python -m tools.mutants`: plants faults, runs their tests, lists those that nobody noticed."""

import argparse
import os
import re
import sys
import time

from tools.mutants import plan
from tools.mutants.fault import Fault, StaleError
from tools.mutants.planting import Outcome, Work, divided, import_slow_packages, run_each

EXAMPLES = """\
examples:
  python -m tools.mutants                         all faults
  python -m tools.mutants --only pix2pix/         those of one variant
  python -m tools.mutants --only 'player.*sign'   what --list prints is searched, as by grep -E
"""


def main() -> int:
    """Returns the exit status: 1 if a fault was not noticed, 2 if faults could not be planted."""
    given = _arguments()
    try:
        faults = plan.equivalents() if given.equivalents else plan.all_faults()
    except StaleError as error:
        print(f"stale: {error}", file=sys.stderr)
        return 2
    faults = [fault for fault in faults if re.search(given.only, fault.title)]
    if given.list:
        print("\n".join(fault.title for fault in faults))
        return 0
    try:
        return _plant(faults, jobs=given.jobs, limit=given.limit)
    except StaleError as error:
        print(f"stale: {error}", file=sys.stderr)
        return 2


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tools.mutants",
        description="Plants one fault at a time into what training optimises and into its shared "
        "mechanisms, runs the tests that should notice, and lists the faults that survive.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", metavar="PATTERN", default="", help="faults whose line matches")
    parser.add_argument("--list", action="store_true", help="print the faults, plant none")
    parser.add_argument(
        "--equivalents",
        action="store_true",
        help="plant the faults that no test could notice (equivalent.py): all should survive",
    )
    parser.add_argument("--jobs", type=int, metavar="N", default=os.cpu_count() or 1)
    parser.add_argument("--limit", type=float, metavar="SECONDS", default=120.0, help="for each")
    return parser.parse_args()


def _plant(faults: list[Fault], *, jobs: int, limit: float) -> int:
    begun = time.monotonic()
    import_slow_packages()
    outcomes: list[Outcome] = []
    broken: list[Outcome] = []

    def done(outcome: Outcome) -> None:
        if outcome.fault is None:
            # The tests of code without a fault must pass.
            broken.extend([outcome] if outcome.result != "survived" else [])
            return
        outcomes.append(outcome)
        print(
            f"{len(outcomes):5}/{len(faults)} {outcome.result:9} {outcome.seconds:5.1f} s  "
            f"{outcome.fault.title}",
            flush=True,
        )

    work = divided(faults)
    tests = sorted({test for one in work if len(one.faults) == 1 for test in one.tests})
    print(f"{len(faults)} faults", flush=True)
    run_each([Work((), (test,)) for test in tests], jobs=jobs, limit=5 * limit, done=done)
    if not broken:
        run_each(work, jobs=jobs, limit=limit, done=done)
    if broken:
        print(broken[0].output)
        print("the tests must pass on the code as it is", file=sys.stderr)
        return 2
    return _conclude(outcomes, seconds=time.monotonic() - begun)


def _conclude(outcomes: list[Outcome], *, seconds: float) -> int:
    errors = [outcome for outcome in outcomes if outcome.result == "error"]
    survivors = [outcome for outcome in outcomes if outcome.result == "survived"]
    for outcome in survivors:
        assert outcome.fault is not None
        print(f"\nsurvived: {outcome.fault.title}\n{outcome.fault.diff()}")
        print(f"  not noticed by {' '.join(outcome.fault.tests)}")
    for outcome in errors[:3]:
        print(f"\n{outcome.output}")
    noticed = len(outcomes) - len(survivors) - len(errors)
    print(
        f"\n{len(outcomes)} faults, {noticed} noticed, {len(survivors)} survived, {seconds:.0f} s"
    )
    if errors:
        print(f"{len(errors)} could not be tested", file=sys.stderr)
        return 2
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
