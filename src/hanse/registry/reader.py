"""Reading the registry. A reader never writes and never waits for a writer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hanse.base import ProductName, TableName
from hanse.registry.records import (
    AppliedDomain,
    AppliedProduct,
    CheckResult,
    Event,
    FailedRow,
    Release,
    Run,
    RunStatus,
    Step,
)


class Reader:
    """Read side of the registry. Each call sees one consistent state."""

    def domains(self) -> Mapping[str, AppliedDomain]:
        """Return all applied domains by name."""
        raise NotImplementedError

    def digests(self) -> Mapping[ProductName, str]:
        """Return the applied digest of every product, in one cheap query."""
        raise NotImplementedError

    def product(self, name: ProductName) -> AppliedProduct | None:
        """Return one applied product with its ports and tables, or None."""
        raise NotImplementedError

    def products(self, names: Iterable[ProductName] | None = None) -> Sequence[AppliedProduct]:
        """Return applied products with ports and tables, all or those named, by name, in a fixed number of queries."""
        raise NotImplementedError

    def release(self, product: ProductName) -> Release | None:
        """Return the visible release of a product, or None before its first."""
        raise NotImplementedError

    def visible(self, products: Iterable[ProductName] | None = None) -> Mapping[ProductName, Release]:
        """Return the visible releases, all or of the products named, in a fixed number of queries."""
        raise NotImplementedError

    def releases(self, product: ProductName | None = None, *, limit: int | None = None) -> Sequence[Release]:
        """Return releases, newest first."""
        raise NotImplementedError

    def run(self, run_id: str) -> Run | None:
        """Return one run, or None."""
        raise NotImplementedError

    def runs(
        self, product: ProductName | None = None, *, status: RunStatus | None = None, limit: int | None = None
    ) -> Sequence[Run]:
        """Return runs, newest first."""
        raise NotImplementedError

    def steps(self, run_id: str) -> Sequence[Step]:
        """Return the recorded steps of a run, in the order they were recorded."""
        raise NotImplementedError

    def checks(
        self, run_id: str | None = None, *, table: TableName | None = None, limit: int | None = None
    ) -> Sequence[CheckResult]:
        """Return check results, of one run or the newest first over all."""
        raise NotImplementedError

    def failed_rows(self, run_id: str | None = None, *, limit: int | None = None) -> Sequence[FailedRow]:
        """Return kept failing rows, of one run or the newest first over all."""
        raise NotImplementedError

    def events(
        self, *, after: int = 0, subject: str | None = None, type_prefix: str | None = None, limit: int | None = None
    ) -> Sequence[Event]:
        """Return events in order, from the one after sequence number ``after``."""
        raise NotImplementedError
