"""Put faults into operations on a mesh: ``PYTHONPATH=tests python -m faults merge --count 50``.

``--fault merge:unlink:17:kill`` does one again, ``--list`` names all that there are.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

from faults.kinds import Fault
from faults.operations import OPERATIONS
from faults.workshop import Verdict, Workshop, scratch, shuffled

_TRIES = 10
"""Of so many faults, one must happen."""


def main() -> int:
    """Do what the command line says; return 1 if anything was violated."""
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    parser.add_argument("operations", nargs="*", metavar="operation", help=", ".join(OPERATIONS))
    parser.add_argument("--count", type=int, default=50, help="faults for each operation")
    parser.add_argument("--fault", action="append", default=[], help="this fault, as a failure names it")
    parser.add_argument("--list", action="store_true", help="only name the faults")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    given = parser.parse_args()
    with scratch() as folder:
        workshop = Workshop(Path(folder).resolve())
        names = given.operations or ([] if given.fault else list(OPERATIONS))
        if given.list:
            for name in names:
                print("\n".join(map(str, workshop.prepare(name).faults())))
            return 0
        began = time.monotonic()
        verdicts = [_tried(workshop, Fault.parse(text), verbose=True) for text in given.fault]
        for name in names:
            verdicts += _some(workshop, name, given.count)
    document = summary(verdicts, time.monotonic() - began)
    print(json.dumps(document) if given.json else f"{document['fired']} faults, {document['broken']} violations")
    return 1 if document["broken"] else 0


def _some(workshop: Workshop, name: str, count: int) -> list[Verdict]:
    """Try faults of all kinds in turn until so many have happened.

    A fault that does not happen is replaced by another of its kind: no two runs make quite the same calls, least of
    all with a second process at work beside them.
    """
    verdicts: list[Verdict] = []
    groups = shuffled(workshop.prepare(name).faults()).values()
    fired = 0
    while fired < count and any(groups) and len(verdicts) < _TRIES * count:
        for group in groups:
            while group and fired < count:
                verdicts.append(_tried(workshop, group.pop(), verbose=False))
                if verdicts[-1].fired is not None:
                    fired += 1
                    break
    return verdicts


def _tried(workshop: Workshop, fault: Fault, *, verbose: bool) -> Verdict:
    verdict = workshop.try_fault(fault)
    if verbose or verdict.violations:
        tell(verdict)
    return verdict


def tell(verdict: Verdict) -> None:
    """Print one verdict to standard error."""
    print(f"{verdict.fault}: {verdict.fired}; the process: {verdict.ending}", file=sys.stderr)
    for violation in verdict.violations:
        print(f"  {violation}", file=sys.stderr)


def summary(verdicts: list[Verdict], seconds: float) -> dict[str, object]:
    """Return counts."""
    return {
        "tried": len(verdicts),
        "fired": sum(v.fired is not None for v in verdicts),
        "broken": sum(bool(v.violations) for v in verdicts),
        "kinds": dict(Counter(v.fault.kind for v in verdicts if v.fired)),
        "endings": dict(Counter(v.ending for v in verdicts)),
        "seconds": round(seconds, 1),
    }


if __name__ == "__main__":
    sys.exit(main())
