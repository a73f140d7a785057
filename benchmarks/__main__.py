"""``python -m benchmarks [NAME …] [--quick]``: measure, print tables, and write ``docs/benchmarks.md``."""

from __future__ import annotations

import argparse
import sys
import time
from importlib import import_module

from benchmarks import report
from benchmarks.processes import BUILD, ROOT, compile_modules

NAMES = ("lineitem", "chain", "products", "start", "lookups", "demo")
PAGE = ROOT / "docs" / "benchmarks.md"


def main() -> int:
    """Run the benchmarks asked for; the exit code says whether every target was met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(NAMES)}; all by default")
    parser.add_argument("--quick", action="store_true", help="small sizes, few rounds; the page is left as it is")
    given = parser.parse_args()
    unknown = set(given.names) - set(NAMES)
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    compile_modules()
    print(report.facts_line(), flush=True)
    results = BUILD / "results.json"
    missed = 0
    for name in given.names or NAMES:
        began = time.perf_counter()
        result = import_module(f"benchmarks.{name}").measure(BUILD / "work" / name, quick=given.quick)
        report.save(results, name, result, quick=given.quick)
        print(f"\n{result.title} ({time.perf_counter() - began:.0f} s)\n{report.table(result.rows)}", flush=True)
        missed += sum(row.met is False for row in result.rows)
    if not given.quick:
        PAGE.write_text(report.page(report.load(results), NAMES), encoding="utf-8")
    return 1 if missed and not given.quick else 0


if __name__ == "__main__":
    sys.exit(main())
