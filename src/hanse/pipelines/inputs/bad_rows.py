"""Lines of CSV files that are no rows: left aside as far as the input allows, and told."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from hanse.base import HanseError, IngestError, Severity
from hanse.ingest import relation
from hanse.interfaces import CsvScan, RejectedLine, Session
from hanse.pipelines.codes import BAD_ROWS
from hanse.pipelines.staging.stage import unreadable
from hanse.pipelines.staging.work import Work
from hanse.pipelines.transforms.graph import file_inputs, published_name
from hanse.quality.masking import curtained_line
from hanse.registry import CheckResult, CheckStatus, FailedRow
from hanse.spec import FileInput

Files = Sequence[tuple[str, str]]
_CHECK = "bad_rows"


def set_aside(work: Work, session: Session, source: FileInput, files: Files) -> tuple[FileInput, Files]:
    """Copy the sound lines of an input's files, and record the others with every table that is built from it.

    Args:
        work: the build.
        session: where the files can be read.
        source: the input; nothing is done unless it allows bad rows.
        files: what messages call each file, and its absolute path.

    Returns:
        The input as its copies are to be read, and the copies.

    Raises:
        IngestError: HNS-L074: there are more bad rows than the input allows. HNS-I004: a file cannot be read.
    """
    if not source.bad_rows:
        return source, files
    subject = f"{work.product.name}.{source.name}"
    copies, found = [], []
    for number, (shown, path) in enumerate(files):
        target = os.path.join(work.scratch, f"sound-{source.name}-{number}.csv")
        scan = relation(replace(source, written=shown), path, text=True, scratch=work.scratch)
        assert isinstance(scan, CsvScan)
        try:
            lines = session.sift(scan, target, at_most=source.bad_rows)
        except HanseError as error:
            raise unreadable(error, replace(source, written=shown), subject) from error
        found += [(shown, line) for line in lines]
        if len(found) > source.bad_rows:
            raise _too_many(source, found, subject)
        copies.append((shown, target))
    if found:
        _record(work, source, found)
    return replace(source, delimiter=",", quote='"', encoding=None, compression="none"), copies


def _too_many(source: FileInput, found: Sequence[tuple[str, RejectedLine]], subject: str) -> IngestError:
    shown, line = found[0]
    return IngestError(
        BAD_ROWS,
        f"input `{source.name}` has more than {source.bad_rows:,} bad rows",
        where=source.where,
        why=f"{shown}, line {line.number}: {line.reason}",
        fix="have it delivered anew; or raise `bad_rows` under `csv` in `pipeline.yaml`",
        subject=subject,
    )


def _record(work: Work, source: FileInput, found: Sequence[tuple[str, RejectedLine]]) -> None:
    shown, line = found[0]
    many = f"{len(found):,} lines are" if len(found) > 1 else "1 line is"
    for node in work.graph.needed:
        if node.table is None or source.name not in file_inputs(work.graph, node):
            continue
        table = published_name(work.product, node)
        result = CheckResult(
            run_id=work.run.id,
            table=table,
            check_id=f"{_CHECK}:{source.name}",
            clause=f"every line of input `{source.name}` is a row",
            status=CheckStatus.FAILED,
            severity=Severity.WARNING,
            failed_rows=len(found),
            method="parse",
            dimension="conformity",
            message=f"{many} left aside; the first is {shown}, line {line.number}: {line.reason}",
            path=source.where.path if source.where else None,
            line=source.where.line if source.where else None,
        )
        rows = [
            FailedRow(
                work.run.id,
                table,
                result.check_id,
                f"{name}, line {bad.number}: {bad.reason}",
                curtained_line(bad.text, node.table),
            )
            for name, bad in found
        ]
        with work.found.lock:
            work.found.results.append(result)
            work.found.failed_rows.extend(rows)
