"""Building a table range by range: stage each range, and put it in the place of what the table held there."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from hanse import sql
from hanse.interfaces import Session, StagedFile, TableScan
from hanse.pipelines.staging.deliver import Change, Target
from hanse.pipelines.staging.python_steps import PythonSteps
from hanse.pipelines.staging.range_files import BuiltRange, RangeFiles, is_not_after
from hanse.pipelines.staging.refusals import Strays, refuse_casts, refuse_strays
from hanse.pipelines.staging.stage import FAILED_ROWS, Staged, explained, relation_of, stage_table
from hanse.pipelines.staging.work import Work
from hanse.pipelines.transforms.graph import Node
from hanse.pipelines.transforms.window_checks import keys_without_end, relation_of_until
from hanse.pipelines.transforms.windows import Cell, Windowing, cell_of, value_of
from hanse.registry import Step, StepStatus
from hanse.spec import DataType

WORKERS = min(4, os.cpu_count() or 1)
"""Ranges of a table that are built side by side; each uses the engine's own threads."""


@dataclass(frozen=True, slots=True)
class _Built:
    """One range, staged.

    Attributes:
        file: None: it has no rows, or it was refused.
        casts: what could not be cast.
        strays: rows outside of it.
        rows: what the transform returned.
    """

    cell: Cell
    file: StagedFile | None = None
    casts: Staged | None = None
    strays: Strays | None = None
    rows: int = 0


class Ranges:
    """The ranges of one table in one run."""

    def __init__(
        self, work: Work, session: Session, python: PythonSteps, node: Node, target: Target, windowing: Windowing
    ) -> None:
        self._work, self._session, self._python = work, session, python
        self._node, self._target, self._windowing = node, target, windowing
        self._window = windowing.window
        column = target.table.column(self._window.column)
        assert column is not None  # spec has looked
        self._kind: DataType = column.type
        self._name = column.name
        self._before = self._recorded()

    def take_in(self, committed: Change | None) -> Change | None:
        """Build what the run has to build of the table.

        Args:
            committed: what this run committed before its process died.

        Returns:
            What becomes of the table; None if some rows were refused, which is recorded.

        Raises:
            RunError: HNS-L083, HNS-L085: the range asked for cannot be built. HNS-L086: the end of the keys is unknown.
        """
        if self._windowing.cells is None:
            self._windowing.settle(self._cells_of_keys())
        if committed is not None:
            return committed
        assert self._windowing.cells is not None
        cells = [cell_of(self._window, n) for a, b in self._windowing.cells for n in range(a, b)]
        built = self._build(cells)
        if self._refused(built):
            return None
        with self._work.log.step("deliver", self._node.name) as measured:
            files = RangeFiles(self._session, self._work.around.store, self._work.run.id, self._target, self._windowing)
            change = files.change([BuiltRange(b.cell, b.file) for b in built if b.file is not None])
            measured.rows = sum(file.rows for file in change.added)
            measured.bytes = sum(file.bytes for file in change.added)
            measured.output = {"kept": "all" if change.keep == "all" else len(change.keep), "table_rows": change.rows}
        return change

    def _cells_of_keys(self) -> int:
        """Return how many ranges reach up to the greatest key."""
        from hanse.sql.deliveries import greatest

        found = relation_of_until(self._node, self._window)
        assert found is not None  # checked before anything runs
        with explained(self._node, self._work.product):
            most = self._session.fetch(greatest(relation_of(found[0]), self._window.until[-1])).column(0)[0].as_py()
        if most is not None and type(most) is not int:
            raise keys_without_end(self._window, str(self._target.name))
        return 0 if most is None else self._window.cells_before(most + 1)

    # Staging

    def _build(self, cells: Sequence[Cell]) -> list[_Built]:
        """Stage ranges side by side; the first failure lets those under way finish."""
        done: list[_Built] = []
        workers = max(1, min(WORKERS, len(cells)))
        with ThreadPoolExecutor(workers, thread_name_prefix="hanse-range") as pool:
            futures = [pool.submit(self._build_one, cell) for cell in cells]
            try:
                for future in futures:
                    done.append(future.result())
                    self._work.listener("range", self._node.name, len(done), len(cells))
            except BaseException:
                for future in futures:
                    future.cancel()
                raise
        return done

    def _build_one(self, cell: Cell) -> _Built:
        path = self._work.around.store.staging(self._target.name, self._work.run.id, cell.part)
        name = f"{self._node.name}:{self._window.text(cell.start)}"
        before = self._staged_before(name, path)
        if before is not None:
            return _Built(cell, before if before.rows else None, rows=before.rows)
        aside = os.path.join(self._work.scratch, f"sound-{self._node.name}-{cell.part}.parquet")
        with self._work.log.step("range", name) as measured:
            if self._node.program is not None:
                self._python.run(self._session, self._node, self._work.product, measured, cell)
            staged = stage_table(self._session, self._node, self._work.product, path, self._target.columns, aside, cell)
            measured.rows, measured.bytes = staged.file.rows, staged.file.bytes
            if staged.failures:
                return _Built(cell, casts=staged, rows=staged.file.rows + staged.failed_rows)
            strays = self._strays(cell, staged.file)
            measured.output = {**measured.output, "path": path, "rows": staged.file.rows, "bytes": staged.file.bytes}
            if strays is not None:
                measured.output = {}
                return _Built(cell, strays=strays, rows=staged.file.rows)
        if not staged.file.rows:
            Path(path).unlink(missing_ok=True)
        return _Built(cell, staged.file if staged.file.rows else None, rows=staged.file.rows)

    def _strays(self, cell: Cell, file: StagedFile) -> Strays | None:
        """Return the rows of a range's file that lie outside of it."""
        from hanse.sql.deliveries import outside

        if self._lies_within(cell, file):
            return None
        relation = f"__w_{self._node.name}__{cell.part}"
        ranges = [(value_of(cell.start, self._kind), value_of(cell.end, self._kind))]
        columns = [c.name for c in self._target.columns]
        self._session.bind(relation, TableScan((file.path,), self._target.columns))
        try:
            count = self._session.fetch(sql.count(outside(relation, self._name, ranges, columns))).column(0)[0].as_py()
            sample = outside(relation, self._name, ranges, columns, FAILED_ROWS, as_text=True)
            found = self._session.fetch(sample).to_pylist() if count else None
        finally:
            self._session.unbind(relation)
        if found is None:
            return None
        asked = f"{self._window.text(cell.start)} to {self._window.text(cell.end)}"
        return Strays(asked, count, tuple(found))

    def _lies_within(self, cell: Cell, file: StagedFile) -> bool:
        """Say whether the file's own statistics prove that all its rows lie in the range."""
        if not file.rows:
            return True
        facts = self._session.statistics([file.path]).get(self._name)
        if facts is None or facts.nulls != 0 or facts.minimum is None or facts.maximum is None:
            return False
        return is_not_after(cell.start, facts.minimum) and not is_not_after(cell.end, facts.maximum)

    def _refused(self, built: Sequence[_Built]) -> bool:
        """Record the rows that are refused, of all ranges together."""
        total = sum(b.rows for b in built)
        casts = [b.casts for b in built if b.casts is not None]
        if casts:
            failures = tuple(f for staged in casts for f in staged.failures)[:FAILED_ROWS]
            failed = sum(staged.failed_rows for staged in casts)
            file = replace(casts[0].file, rows=total - failed)
            refuse_casts(self._work, self._node, Staged(file, failures, failed))
        strays = [b.strays for b in built if b.strays is not None]
        if strays:
            refuse_strays(self._work, self._node, self._name, strays, total)
        return bool(casts or strays)

    # What was recorded before the process died

    def _recorded(self) -> Mapping[str, Step]:
        if self._work.run.fence == 1 or self._node.name in self._work.unsteady():
            return {}
        steps = self._work.around.registry.reader().steps(self._work.run.id)
        return {s.name: s for s in steps if s.kind == "range" and s.status is StepStatus.DONE}

    def _staged_before(self, name: str, path: str) -> StagedFile | None:
        step = self._before.get(f"range:{name}")
        if step is None or step.output.get("path") != path:
            return None
        staged = StagedFile(path, int(step.output["rows"]), int(step.output["bytes"]))
        if not staged.rows:
            return staged
        try:
            return staged if os.path.getsize(path) == staged.bytes else None
        except OSError:
            return None
