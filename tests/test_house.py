"""What holds for every file of the project."""

import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import reference_pages
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from hanse.base import Code

ROOT = Path(__file__).parents[1]
# Spelt in pieces, so that this file does not find itself.
FOREIGN = {
    "an address of a package index": re.compile(
        r"pypi\." + r"org|files\.python" + r"hosted|--(?:extra-)?index-" + r"url="
    ),
    "a path of one machine": re.compile(r"(?<![\w.~-])/(?:ho" + r"me|Use" + r"rs|wo" + r"rk|ro" + r"ot)/\w"),
}
CODE = re.compile(r"HNS-[A-Z]\d{3}")
LETTERS = {
    "app": "A",
    "base": "N",
    "blueprints": "B",
    "catalog": "K",
    "cli": "X",
    "drivers": "EFT",
    "ingest": "I",
    "interfaces": "EFIT",
    "pipelines": "L",
    "plan": "P",
    "quality": "C",
    "query": "QD",
    "registry": "G",
    "spec": "S",
    "sql": "QD",
    "testing": "",
}


def tracked(*patterns: str) -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
    return [path for name in names if name and (path := ROOT / name).is_file()]


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="ignore")


def all_codes() -> Iterator[tuple[str, str, Code]]:
    for room in reference_pages.rooms():
        for name, code in reference_pages.codes(room).items():
            yield room, name, code


@pytest.mark.parametrize("what", FOREIGN)
def test_no_file_holds(what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in tracked()
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if FOREIGN[what].search(line)
    ]
    assert found == []


def test_codes_are_unique_and_well_formed() -> None:
    codes = list(all_codes())
    assert [id_ for id_, times in Counter(code.id for _, _, code in codes).items() if times > 1] == []
    for room, _, code in codes:
        assert CODE.fullmatch(code.id), code
        assert code.id[4] in LETTERS[room], f"{code.id} has the letter of another room than `{room}`"
        assert code.meaning.endswith("."), code
        assert code.title, code
        assert not code.title.endswith("."), code


def test_every_code_is_used() -> None:
    sources = "\n".join(text_of(path) for path in tracked("src/*.py") if path.name != "codes.py")
    words = set(re.findall(r"\w+", sources))
    assert [f"{room}.{name}" for room, name, _ in all_codes() if name not in words] == []


def test_every_code_that_is_mentioned_exists() -> None:
    known = {code.id for _, _, code in all_codes()}
    mentioned = {
        (id_, str(path.relative_to(ROOT)))
        for path in tracked("src/*", "docs/*", "*.md")
        for id_ in CODE.findall(text_of(path))
    }
    assert [(id_, path) for id_, path in sorted(mentioned) if id_ not in known] == []


@pytest.mark.parametrize("page", reference_pages.PAGES)
def test_the_page_is_current(page: str) -> None:
    assert text_of(ROOT / page) == reference_pages.PAGES[page](), f"{page} is out of date: run `make docs`"


def test_floors_fall_as_the_contract_says() -> None:
    numbers = [{reference_pages.floor(room)[0] for room in rooms} for rooms in reference_pages.layers()]
    assert all(len(floor) == 1 for floor in numbers), numbers
    flat = [number for floor in numbers for number in floor]
    assert flat == sorted(set(flat), reverse=True)


def test_every_room_stands_on_a_floor() -> None:
    packages = {path.parent.name for path in (ROOT / "src" / "hanse").glob("*/__init__.py")}
    assert packages == set(reference_pages.rooms()) == set(LETTERS)


def test_decisions_are_numbered_without_gaps_and_say_what_they_must() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [path.name[:4] for path in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
    for path in records:
        headings = re.findall(r"^## (.+)$", text_of(path), re.MULTILINE)
        assert headings[:3] == ["Context", "Decision", "Consequences"], path.name
        assert headings[3:] in ([], ["Measured"]), path.name


def test_every_link_between_pages_leads_somewhere() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in tracked("*.md")
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text_of(path))
        if not re.match(r"\w+:", target) and not (path.parent / target).exists()
    ]
    assert broken == []


def test_the_lock_satisfies_the_project_and_pins_everything_by_hash() -> None:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))
    wanted = [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
        *(line for extra in project["project"]["optional-dependencies"].values() for line in extra),
    ]
    lock = text_of(ROOT / "requirements" / "dev.txt")
    blocks = re.findall(r"^([\w.-]+)==([\w.+!]+)[^\n]*\n((?:    --hash=[^\n]+\n)*)", lock, re.MULTILINE)
    locked: dict[str, list[str]] = {}
    for name, version, hashes in blocks:
        assert "--hash=sha256:" in hashes, name
        locked.setdefault(canonicalize_name(name), []).append(version)
    assert len(blocks) == len([line for line in lock.splitlines() if re.match(r"\w", line)])
    for requirement in map(Requirement, wanted):
        versions = locked.get(canonicalize_name(requirement.name), [])
        assert versions, f"{requirement.name} is not locked: run `make lock`"
        assert all(requirement.specifier.contains(v) for v in versions), f"{requirement} is not met: run `make lock`"


@pytest.mark.parametrize("script", ["scripts/setup", ".ci/run"])
def test_scripts_can_be_read_by_their_shell_and_run(script: str) -> None:
    shell = text_of(ROOT / script).splitlines()[0].split("/")[-1].split()[-1]
    subprocess.run([shell, "-n", ROOT / script], check=True)
    assert (ROOT / script).stat().st_mode & 0o111


def test_help_lists_every_target() -> None:
    makefile = text_of(ROOT / "Makefile")
    phony = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)[0].split()
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    assert re.findall(r"^  make ([\w-]+) +", shown, re.MULTILINE) == phony


def test_importing_hanse_loads_nothing_heavy() -> None:
    heavy = {"alembic", "click", "duckdb", "pandas", "polars", "pyarrow", "pydantic", "pyiceberg", "rich", "sqlalchemy"}
    heavy |= {"sqlglot", "yaml"}
    program = f"import sys, hanse; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"


def test_the_wheel_ships_the_blueprints(tmp_path: Path) -> None:
    build = f"from hatchling.build import build_wheel; print(build_wheel({str(tmp_path)!r}))"
    done = subprocess.run([sys.executable, "-c", build], cwd=ROOT, capture_output=True, check=True, text=True)
    names = subprocess.run(
        [sys.executable, "-m", "zipfile", "-l", tmp_path / done.stdout.split()[-1]],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    for path in tracked("src/hanse/blueprints/*"):
        assert str(path.relative_to(ROOT / "src")) in names
