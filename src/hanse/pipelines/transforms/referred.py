"""The tables that contracts' relationships lead to: the product's own, or those that it reads of other products."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hanse import quality
from hanse.base import HanseError, Problem, ProductName, TableName
from hanse.pipelines.transforms.graph import Node, NodeRead, PortRead
from hanse.quality.codes import BAD_REFERENCE, REFERENCE_ELSEWHERE
from hanse.quality.records import Answer, Broken, Check, Elsewhere, References, Stated
from hanse.quality.references import Place, located, table_of
from hanse.spec import Contract, Product, ResolvedInput, Table


@dataclass(frozen=True, slots=True)
class Referred:
    """A table that a relationship leads to.

    Attributes:
        read: how it is read.
        table: what its contract says of it.
    """

    read: NodeRead | PortRead
    table: Table


class ReferredTables:
    """Finds the tables that the relationships of one product's contracts lead to.

    Args:
        nodes: the product's served tables.
        inputs: what its input ports mean.
        product_of: parses another product.
    """

    def __init__(
        self, nodes: Iterable[Node], inputs: Sequence[ResolvedInput], product_of: Callable[[ProductName], Product]
    ) -> None:
        self._nodes = {(_contract(n).path, n.table.name): n for n in nodes if n.table is not None}
        self._inputs, self._product_of = inputs, product_of
        self._contracts: dict[str, tuple[Contract, ResolvedInput]] | None = None

    def of(self, node: Node) -> Mapping[Elsewhere, Referred | Broken]:
        """Return where each relationship of a served table leads, as it is written in its contract."""
        assert node.table is not None
        contract = _contract(node)
        return {
            check.measure.other: self._find(contract, check.measure.other)
            for check in quality.checks_of(contract, node.table)
            if isinstance(check.measure, References)
        }

    def reads_of(self, nodes: Iterable[Node]) -> frozenset[NodeRead | PortRead]:
        """Return what has to be there to check the relationships of served tables."""
        return frozenset(
            found.read
            for node in nodes
            if has_relationships(node)
            for found in self.of(node).values()
            if isinstance(found, Referred)
        )

    def names(self, node: Node) -> Mapping[str, str]:
        """Return what a served table's contract calls the product's tables in SQL of its own: name → node name.

        Its own tables are those of its own major; the names of all others are those of their nodes.
        """
        path = _contract(node).path
        own = {name: mate.name for (contract, name), mate in self._nodes.items() if contract == path}
        return {**{n.name: n.name for n in self._nodes.values()}, **own}

    def named_by(self, node: Node, check: Check) -> frozenset[str]:
        """Return the product's other tables that a check of a served table looks into, by node name."""
        assert node.table is not None
        if isinstance(check.measure, References):
            found = self._find(_contract(node), check.measure.other)
            if isinstance(found, Referred) and isinstance(found.read, NodeRead):
                return frozenset({found.read.node}) - {node.name}
            return frozenset()
        if not isinstance(check.measure, Answer | Stated):
            return frozenset()
        from hanse.quality.statement import tables_named

        names = {name.lower(): named for name, named in self.names(node).items()}
        return frozenset(names[n] for n in tables_named([check], node.table) if n in names) - {node.name}

    def locate(
        self, node: Node, relation_of: Callable[[NodeRead | PortRead], str]
    ) -> Callable[[Elsewhere], Place | Broken]:
        """Return how the check of a served table finds the tables that it refers to.

        Args:
            node: the table.
            relation_of: names what is bound.
        """
        found = self.of(node) if has_relationships(node) else {}

        def place(other: Elsewhere) -> Place | Broken:
            one = found[other]
            return one if isinstance(one, Broken) else Place(relation_of(one.read), one.table)

        return place

    def problems(self, node: Node) -> tuple[Problem, ...]:
        """Return what is wrong with the relationships of a served table that lead out of its contract."""
        assert node.table is not None
        abroad = [
            check
            for check in quality.checks_of(_contract(node), node.table)
            if isinstance(check.measure, References) and check.measure.other.contract is not None
        ]
        return tuple(
            Problem(check.measure.code, check.measure.what, where=check.location, fix=check.measure.fix)
            for check in located(abroad, self.locate(node, str))
            if isinstance(check.measure, Broken)
        )

    def _find(self, contract: Contract, other: Elsewhere) -> Referred | Broken:
        if other.contract is None or other.contract == contract.path:
            return self._own(contract, other)
        if "://" in other.contract:
            what = f"`{other.contract}` is not looked up on the network"
            fix = "refer to the contract's file in this mesh, of a product that is an input"
            return Broken(REFERENCE_ELSEWHERE, what, fix)
        mate = next((n for (path, _), n in self._nodes.items() if path == other.contract), None)
        return self._own(_contract(mate), other) if mate else self._abroad(other)

    def _own(self, contract: Contract, other: Elsewhere) -> Referred | Broken:
        table = table_of(contract, other.table)
        node = self._nodes.get((contract.path, table.name)) if table else None
        if table is None or node is None:
            return Broken(BAD_REFERENCE, f"`{contract.path}` has no table `{other.table}` that is built")
        return Referred(NodeRead(node.name), table)

    def _abroad(self, other: Elsewhere) -> Referred | Broken:
        if self._contracts is None:
            self._contracts = self._promised()
        found = self._contracts.get(other.contract or "")
        if found is None:
            what = f"`{other.contract}` is no contract of this product, nor of an output port that it reads"
            fix = "add an input port for it, so that the check sees its visible release; or correct the file's name"
            return Broken(REFERENCE_ELSEWHERE, what, fix)
        contract, port = found
        table = table_of(contract, other.table)
        if table is None or table.name not in port.tables:
            return Broken(BAD_REFERENCE, f"`{contract.path}` has no table `{other.table}`")
        return Referred(PortRead(TableName(port.product.domain, port.product.product, table.name, port.major)), table)

    def _promised(self) -> dict[str, tuple[Contract, ResolvedInput]]:
        """Return the contracts of the ports that are read, by their files."""
        found = {}
        for port in self._inputs:
            try:
                outputs = self._product_of(port.product).outputs
            except HanseError:
                continue  # its own errors are reported where it is looked at
            for output in outputs:
                if output.contract is not None and (output.name, output.major) == (port.port, port.major):
                    found[output.contract.path] = (output.contract, port)
        return found


def has_relationships(node: Node) -> bool:
    """Say whether a contract has a relationship of a served table."""
    return node.table is not None and any(
        isinstance(check.measure, References) for check in quality.checks_of(_contract(node), node.table)
    )


def _contract(node: Node) -> Contract:
    assert node.port is not None
    assert node.port.contract is not None
    return node.port.contract
