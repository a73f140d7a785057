"""What each example must say, kept beside it; ``python tests/contracts/goldens.py`` writes all of it anew to review."""

from __future__ import annotations

from pathlib import Path

from hanse.quality import examine

HERE = Path(__file__).parent
BAD = sorted((HERE / "bad").glob("*.odcs.yaml"))


def told(path: Path) -> str:
    """Return what is said of a bad contract: every problem, as people read it."""
    _, problems = examine(path.read_bytes(), path.name)
    return "".join(f"{problem}\n\n" for problem in problems)


def golden(path: Path) -> Path:
    """Return the file that holds what must be said."""
    return path.with_name(path.name.removesuffix(".odcs.yaml") + ".txt")


if __name__ == "__main__":
    for example in BAD:
        golden(example).write_text(told(example), encoding="utf-8")
