"""A hundred transforms, each reading the one before: what running costs when data are small."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import environments
from benchmarks.folders import Folder
from benchmarks.processes import Usage, alternate, cpu, hanse, program, run
from benchmarks.report import Result, Row, Target

ROWS = 1_000
PHASES = ("first run", "nothing changed", "one in the middle changed")
_COLUMNS = {"n": "integer", "v": "integer", "s": "string"}
_TARGETS = {"staged": (1.2, 0.4, 1.0), "published": (3.0, 0.5, 2.0)}
_TITLES = {"staged": "last published, others private", "published": "all published"}
_CHANGE = 7
Phases = tuple[Usage, ...]


def measure(folder: Path, *, quick: bool, length: int = 100) -> Result:
    """Measure a chain once with its end published and once with all of it, beside bare DuckDB, dbt and SQLMesh.

    Args:
        folder: where to work.
        quick: one round without the peers, which take a while to install.
        length: number of transforms.
    """
    sides: dict[str, Callable[[Path, int], Phases]] = {
        "staged": partial(run_hanse, published=False),
        "bare staged": partial(run_bare, published=False),
        "published": partial(run_hanse, published=True),
        "bare published": partial(run_bare, published=True),
    }
    if not quick:
        sides |= {"dbt": run_dbt, "sqlmesh": run_sqlmesh}
    turns = {name: partial(side, folder / name.replace(" ", "-"), length) for name, side in sides.items()}
    found = alternate(turns, 1 if quick else 5)
    rows = [row for kind in _TITLES for row in _rows(found, kind)]
    return Result(
        f"{length} chained transforms of {ROWS:,} rows",
        "Each transform reads the one before. The first run starts from applied descriptors and no release; then "
        "nothing was touched; then the SQL of the one in the middle was changed and applied, so that all after it "
        "change. Beside it: the same statements in one bare DuckDB script, written to Parquet as Hanse does (it "
        "does not find out what changed: it is told); dbt with DuckDB, all as tables, selecting `state:modified+`; "
        "SQLMesh, all `FULL`. Hanse alone types, checks and releases.",
        rows,
        ("every side ended with the same sum over the chain's end, before and after the change",),
    )


def expected(length: int, *, changed: bool) -> int:
    """Return the sum over the chain's end: each link but the first adds one to every row, a changed one seven."""
    added = length - 1 + (_CHANGE - 1 if changed else 0)
    return sum(range(ROWS)) + ROWS * added


def statement(number: int, source: str, *, added: int = 1) -> str:
    """Return the SQL of a link; the first reads ``source`` as it is."""
    return f"SELECT n, {'v' if number == 0 else f'v + {added} AS v'}, s FROM {source}"


def seed() -> str:
    """Return the CSV that the chain begins with."""
    return "n,v,s\n" + "".join(f"{i},{i},s{i}\n" for i in range(ROWS))


def run_hanse(folder: Path, length: int, *, published: bool) -> Phases:
    """Run all phases with Hanse; applying is not part of them."""
    last = f"t{length - 1}"
    transforms = {f"t{i}": statement(i, "seed" if i == 0 else f"t{i - 1}") for i in range(length)}
    mesh = Folder(folder)
    mesh.product(
        "bench.chain",
        dict.fromkeys(transforms, _COLUMNS) if published else {last: _COLUMNS},
        transforms=transforms,
        data={"seed.csv": seed()},
    )
    hanse(folder, "apply", "--yes")
    first = hanse(folder, "run")
    unchanged = hanse(folder, "run")
    _require("nothing to do" in unchanged.output, unchanged.output)
    _require_sum(_hanse_sum(folder, last), length, changed=False)
    middle = length // 2
    mesh.write(f"domains/bench/chain/transforms/t{middle}.sql", statement(middle, f"t{middle - 1}", added=_CHANGE))
    hanse(folder, "apply", "--yes")
    changed = hanse(folder, "run")
    _require_sum(_hanse_sum(folder, last), length, changed=True)
    return first, unchanged, changed


def run_bare(folder: Path, length: int, *, published: bool) -> Phases:
    """Run the bare script; with nothing changed there is nothing to run."""
    _empty(folder)
    source = folder / "seed.csv"
    source.write_text(seed())
    which = "every" if published else "last"
    first = program("chain_bare", source, folder, str(length), "0", "1", which)
    _require_sum(int(first.output), length, changed=False)
    changed = program("chain_bare", source, folder, str(length), str(length // 2), str(_CHANGE), which)
    _require_sum(int(changed.output), length, changed=True)
    return first, changed


def run_dbt(folder: Path, length: int) -> Phases:
    """Run all phases with dbt, telemetry off."""
    _empty(folder)
    (folder / "models").mkdir()
    (folder / "seed.csv").write_text(seed())
    (folder / "dbt_project.yml").write_text(
        "name: bench\nversion: '1.0'\nprofile: bench\nmodels:\n  bench:\n    +materialized: table\n"
    )
    (folder / "profiles.yml").write_text(
        "bench:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: bench.duckdb, threads: 2}\n"
    )

    def write(number: int, added: int = 1) -> None:
        source = f"read_csv('{folder}/seed.csv')" if number == 0 else f"{{{{ ref('t{number - 1}') }}}}"
        (folder / "models" / f"t{number}.sql").write_text(statement(number, source, added=added))

    def build(*selection: str) -> Usage:
        if (folder / "state").exists():
            shutil.rmtree(folder / "state")
        if selection:
            shutil.copytree(folder / "target", folder / "state")
        return run([dbt, "run", "--quiet", "--profiles-dir", ".", *selection], folder=folder)

    dbt = environments.peer("dbt") / "dbt"
    modified = ("--select", "state:modified+", "--state", "state")
    for number in range(length):
        write(number)
    first = build()
    unchanged = build(*modified)
    _require_sum(_database_sum(folder, f"t{length - 1}"), length, changed=False)
    write(length // 2, _CHANGE)
    changed = build(*modified)
    _require_sum(_database_sum(folder, f"t{length - 1}"), length, changed=True)
    return first, unchanged, changed


def run_sqlmesh(folder: Path, length: int) -> Phases:
    """Run all phases with SQLMesh, telemetry off."""
    _empty(folder)
    (folder / "models").mkdir()
    (folder / "seed.csv").write_text(seed())
    (folder / "config.yaml").write_text(
        "gateways:\n  local:\n    connection: {type: duckdb, database: bench.duckdb}\ndefault_gateway: local\n"
        "model_defaults: {dialect: duckdb, start: 2024-01-01}\ndisable_anonymized_analytics: true\n"
    )

    def write(number: int, added: int = 1) -> None:
        source = f"read_csv('{folder}/seed.csv')" if number == 0 else f"chain.t{number - 1}"
        model = f"MODEL (name chain.t{number}, kind FULL);\n"
        (folder / "models" / f"t{number}.sql").write_text(model + statement(number, source, added=added) + "\n")

    def build() -> Usage:
        return run([sqlmesh, "plan", "--auto-apply", "--no-prompts"], folder=folder)

    sqlmesh = environments.peer("sqlmesh") / "sqlmesh"
    for number in range(length):
        write(number)
    first = build()
    unchanged = build()
    _require_sum(_database_sum(folder, f"chain.t{length - 1}"), length, changed=False)
    write(length // 2, _CHANGE)
    changed = build()
    _require_sum(_database_sum(folder, f"chain.t{length - 1}"), length, changed=True)
    return first, unchanged, changed


def _rows(found: dict[str, list[Phases]], kind: str) -> list[Row]:
    def figure(side: str, phase: int) -> float:
        return cpu([phases[phase] for phases in found[side]])

    rows = []
    for phase, name in enumerate(PHASES):
        hanse_cpu = figure(kind, phase)
        what = f"{_TITLES[kind]}: {name}"
        target = Target(_TARGETS[kind][phase])
        bare = None if phase == 1 else figure(f"bare {kind}", 0 if phase == 0 else 1)
        rows.append(Row(what, "CPU s", hanse_cpu, "bare DuckDB" if bare else "", bare, target))
        for peer in ("dbt", "sqlmesh"):
            if peer in found:
                title = {"dbt": "dbt-duckdb", "sqlmesh": "SQLMesh"}[peer]
                rows.append(Row(what, "CPU s", hanse_cpu, title, figure(peer, phase)))
    return rows


def _hanse_sum(folder: Path, table: str) -> int:
    found = hanse(folder, "query", f"SELECT sum(v) AS total FROM bench.chain.{table}", "--format", "csv")
    return int(found.output.split()[-1])


def _database_sum(folder: Path, table: str) -> int:
    code = f"import duckdb; print(duckdb.connect('bench.duckdb').sql('SELECT sum(v) FROM {table}').fetchone()[0])"
    return int(run([environments.peer("dbt") / "python", "-c", code], folder=folder).output)


def _require_sum(found: int, length: int, *, changed: bool) -> None:
    _require(found == expected(length, changed=changed), f"the chain ends with {found}")


def _require(holds: bool, why: str) -> None:
    if not holds:
        raise AssertionError(why)


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
