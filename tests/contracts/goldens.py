"""What each example must say, kept beside it; ``python tests/contracts/goldens.py`` writes all of it anew to review."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hanse.app.contract.verify import verify_contracts
from hanse.quality import examine

HERE = Path(__file__).parent
BAD = sorted((HERE / "bad").glob("*.odcs.yaml"))
GOOD = sorted((HERE / "good").glob("*/contract.odcs.yaml"))


def told(path: Path) -> str:
    """Return what is said of a bad contract: every problem, as people read it."""
    _, problems = examine(path.read_bytes(), path.name)
    return "".join(f"{problem}\n\n" for problem in problems)


def judged(path: Path) -> str:
    """Return what becomes of a good contract's checks, as short JSON: all that did not pass, and how many did."""
    document = verify_contracts(path, data=path.parent)
    found = document["contracts"][0]
    assert found["problems"] == [], found["problems"]
    checks = [(t["table"], check) for t in found["tables"] for check in t["checks"]]
    bad = [_short(table, check) for table, check in checks if check["verdict"] != "passed"]
    lines = ",\n  ".join(json.dumps(one, ensure_ascii=False) for one in bad)
    passed = sum(check["verdict"] == "passed" for _, check in checks)
    rest = f"[\n  {lines}\n ]" if lines else "[]"
    return f'{{"status": "{document["status"]}",\n "passed": {passed},\n "others": {rest}}}\n'


def golden(path: Path) -> Path:
    """Return the file that holds what must be said."""
    if path in GOOD:
        return path.with_name("expected.json")
    return path.with_name(path.name.removesuffix(".odcs.yaml") + ".txt")


def _short(table: str, check: Mapping[str, Any]) -> dict[str, Any]:
    short = {"table": table, "check": check["id"], "verdict": check["verdict"]}
    kept = {key: check[key] for key in ("failed_rows", "measured") if check[key] is not None}
    words = {} if check["failed_rows"] is not None else {"message": check["error"] or check["message"]}
    return {**short, **kept, **words}


if __name__ == "__main__":
    for example in BAD:
        golden(example).write_text(told(example), encoding="utf-8")
    for example in GOOD:
        golden(example).write_text(judged(example), encoding="utf-8")
