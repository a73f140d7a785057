"""How the products of a mesh fit together: references, contracts promised twice, circles. Works on summaries alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hanse.base import Location, Problem, ProductName
from hanse.spec import codes
from hanse.spec.workspace import Entry, InputSummary, PortSummary

_MANY = 2_000
Offers = dict[tuple[str, int], tuple[Entry, PortSummary]]


def check_neighbours(
    entries: Mapping[ProductName, Entry], broken: Mapping[ProductName, frozenset[str]]
) -> list[Problem]:
    """Return what is wrong between products.

    Args:
        entries: the products that could be read.
        broken: the others, with the ids of the contracts that they are known to have: references to them are not
            reported, their own errors are.
    """
    checker = _Checker(entries, broken)
    return [*checker.duplicates(), *checker.dangling(), *checker.circles()]


def _hint(word: str, known: Iterable[str]) -> str | None:
    from hanse.base.suggest import did_you_mean  # loads difflib, which a mesh without faults does not need

    words = list(known)
    # Comparing with every word of a large mesh would take longer than reading it.
    return did_you_mean(word, words) if len(words) <= _MANY else None


class _Checker:
    def __init__(self, entries: Mapping[ProductName, Entry], broken: Mapping[ProductName, frozenset[str]]) -> None:
        self._entries = entries
        self._broken = broken
        self._by_contract: dict[str, list[tuple[Entry, PortSummary]]] = {}
        for entry in entries.values():
            for port in entry.outputs:
                if port.contract_id is not None:
                    self._by_contract.setdefault(port.contract_id, []).append((entry, port))
        self._sources: dict[ProductName, list[tuple[ProductName, InputSummary]]] = {}

    def duplicates(self) -> list[Problem]:
        problems = []
        for contract, offers in self._by_contract.items():
            first: Offers = {}
            for entry, port in offers:
                other, other_port = first.setdefault((contract, port.major), (entry, port))
                if other is not entry:
                    problems.append(
                        Problem(
                            codes.DUPLICATE_CONTRACT,
                            f"{entry.name} and {other.name} both promise the contract `{contract}`"
                            f" (major {port.major})",
                            port.where or Location(entry.path),
                            why=f"the other port is `{other_port.name}` in {other_port.where or other.path}",
                            fix="give every contract an id of its own, such as a UUID",
                            subject=str(entry.name),
                        )
                    )
        return problems

    def dangling(self) -> list[Problem]:
        problems = []
        for entry in self._entries.values():
            for wanted in entry.inputs:
                problem = self._resolve(entry, wanted)
                if problem:
                    problems.append(problem)
        return problems

    def _resolve(self, entry: Entry, wanted: InputSummary) -> Problem | None:
        """Remember which product an input port reads, or return what is wrong with it."""
        what = f"the input port `{wanted.name}` leads nowhere"
        if wanted.port is not None:
            domain, product, port = wanted.port.split(".")
            owner = ProductName(domain, product)
            if owner in self._broken:
                return None
            source = self._entries.get(owner)
            if source is None:
                hint = _hint(str(owner), map(str, self._entries)) or "add the product, or correct the address"
                return _dangling(entry, wanted, what, f"the mesh has no product `{owner}`", hint)
            offers = [(source, p) for p in source.outputs if p.name == port]
            if not offers:
                hint = _hint(port, [p.name for p in source.outputs]) or "add the port, or correct the address"
                return _dangling(entry, wanted, what, f"{owner} has no output port `{port}`", hint)
        else:
            offers = self._by_contract.get(wanted.contract_id or "", [])
            if not offers:
                if any(wanted.contract_id in ids for ids in self._broken.values()):
                    return None
                hint = _hint(wanted.contract_id or "", self._by_contract) or "add its product, or correct the id"
                why = f"no output port of the mesh has the contract `{wanted.contract_id}`"
                return _dangling(entry, wanted, what, why, hint)
        matching = [(e, p) for e, p in offers if wanted.major in (None, p.major)]
        if not matching:
            majors = ", ".join(str(p.major) for _, p in offers)
            why = f"it asks for major {wanted.major}, the port is served in {majors}"
            return _dangling(entry, wanted, what, why, f"ask for one of: {majors}")
        if all(p.contract_id is None for _, p in matching):
            why = "the output port names no contract, so it serves nothing"
            return _dangling(entry, wanted, what, why, "give the output port a contract")
        source = max(matching, key=lambda offer: offer[1].major)[0]
        self._sources.setdefault(entry.name, []).append((source.name, wanted))
        return None

    def circles(self) -> list[Problem]:
        """Return one problem per circle, found by walking down from every product in order."""
        problems = []
        done = set[ProductName]()
        for start in sorted(self._sources):
            if start not in done:
                problems += self._walk(start, done)
        return problems

    def _walk(self, start: ProductName, done: set[ProductName]) -> list[Problem]:
        problems = []
        path: list[ProductName] = [start]
        on_path = {start}
        stack = [iter(self._sources.get(start, ()))]
        while stack:
            following = next(stack[-1], None)
            if following is None:
                stack.pop()
                gone = path.pop()
                on_path.discard(gone)
                done.add(gone)
                continue
            source, wanted = following
            if source in on_path:
                problems.append(_circle([*path[path.index(source) :], source], path[-1], wanted))
            elif source not in done:
                path.append(source)
                on_path.add(source)
                stack.append(iter(self._sources.get(source, ())))
        return problems


def _dangling(entry: Entry, wanted: InputSummary, what: str, why: str, fix: str | None) -> Problem:
    return Problem(codes.UNKNOWN_PORT, what, wanted.where, why=why, fix=fix, subject=str(entry.name))


def _circle(path: list[ProductName], reader: ProductName, wanted: InputSummary) -> Problem:
    return Problem(
        codes.CYCLE,
        "products read each other in a circle: " + " reads ".join(map(str, path)),
        wanted.where,
        fix=f"remove one of these input ports, for example `{wanted.name}` of {reader}",
        subject=str(reader),
    )
