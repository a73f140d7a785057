"""``python -m benchmarks [NAME …] [--quick]``: measure, print tables, and write ``docs/benchmarks.md``."""

from __future__ import annotations

import argparse
import sys
import time
from importlib import import_module
from pathlib import Path

from benchmarks import report
from benchmarks.processes import BUILD, ROOT, ProcessFailed, compile_modules

ALONE = ("sf10", "contracts.sf10")  # half an hour and 15 GB of disk: only when named
CONTRACTS = ("contracts.lineitem", "contracts.small", "sizes")
NAMES = (
    "lineitem", "transforms", "merge", "appends", "readers", "chain", "products", "start", "lookups", "demo",
    *CONTRACTS,
)  # fmt: skip
GROUPS = {"contracts": CONTRACTS}
PAGE = ROOT / "docs" / "benchmarks.md"


def main() -> int:
    """Run the benchmarks asked for; the exit code says whether all could be measured and met their targets."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"any of {', '.join(NAMES)}; all of these by default; or {', '.join((*GROUPS, *ALONE))}",
    )
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds; the page is left as it is")
    given = parser.parse_args()
    unknown = set(given.names) - {*NAMES, *GROUPS, *ALONE}
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join((*NAMES, *GROUPS, *ALONE))}")
    names = [name for given_name in given.names for name in GROUPS.get(given_name, (given_name,))] or NAMES
    compile_modules()
    print(report.facts_line(), flush=True)
    results = BUILD / ("quick.json" if given.quick else "results.json")
    wrong = sum(not _measured(name, results, quick=given.quick) for name in names)
    if not given.quick:
        PAGE.write_text(report.page(report.load(results), NAMES + ALONE), encoding="utf-8")
    return 1 if wrong else 0


def _measured(name: str, results: Path, *, quick: bool) -> bool:
    """Run one benchmark; say whether it could be measured and every target was met (in small none has to be)."""
    began = time.perf_counter()
    try:
        result = import_module(f"benchmarks.{name}").measure(BUILD / "work" / name, quick=quick)
    except (AssertionError, ProcessFailed) as error:
        print(f"\n{name}: not measured: {error}", file=sys.stderr)
        return False
    report.save(results, name, result)
    print(f"\n{result.title} ({time.perf_counter() - began:.0f} s)\n{report.table(result.rows)}", flush=True)
    if result.listing:
        print(f"\n{report.listing(result.listing.head, result.listing.rows)}", flush=True)
    return quick or all(row.met is not False for row in result.rows)


if __name__ == "__main__":
    sys.exit(main())
