"""Random SELECTs over two small tables, for laws that must hold of any query."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

TABLES: dict[str, tuple[str, ...]] = {"t": ("a", "b", "c", "items", "pair"), "u": ("a", "d", "e")}
"""Integers, but for `items` (a list of integers) and `pair` (a struct of the integers `x` and `d`)."""

_KINDS = {"items": "list", "pair": "struct"}


@dataclass
class Columns:
    """Columns in sight: (name as it is written, kind)."""

    seen: list[tuple[str, str]] = field(default_factory=list)

    def of(self, kind: str) -> list[str]:
        """Return the columns of a kind."""
        return [name for name, its in self.seen if its == kind]


@dataclass
class Query:
    """A query and the columns of its result, all of them with plain names."""

    sql: str
    columns: list[tuple[str, str]]


class Writer:
    """Writes random queries. Most of them are valid; the engine says which."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self._names = 0

    def query(self, depth: int = 3) -> Query:
        """Return a query of some depth."""
        return self._query(depth, {}, Columns())

    def _query(self, depth: int, ctes: dict[str, list[tuple[str, str]]], outer: Columns) -> Query:
        kind = self.random.choices(["select", "union", "with", "recursive", "pivot", "ordered"], [10, 2, 3, 1, 1, 1])[0]
        if depth <= 0 or kind == "select":
            return self._select(depth, ctes, outer)
        if kind == "with":
            known = dict(ctes)
            parts = []
            for _ in range(self.random.randint(1, 2)):
                name = self.random.choice(["t", "u", "v", "w"]) if self._chance(0.2) else self._name("w")
                inner = self._query(depth - 1, known, Columns())
                known[name] = inner.columns
                parts.append(f"{name} AS ({inner.sql})")
            body = self._query(depth - 1, known, outer)
            return Query(f"WITH {', '.join(parts)} {body.sql}", body.columns)
        if kind == "recursive":
            return self._recursive(depth, ctes)
        if kind == "pivot":
            return self._pivot(depth, ctes)
        if kind == "ordered":
            inner = self._query(depth - 1, ctes, outer)
            return Query(f"({inner.sql}) ORDER BY ALL LIMIT {self.random.randint(1, 4)}", inner.columns)
        left, right = self._query(depth - 1, ctes, outer), self._query(depth - 1, ctes, outer)
        if self._chance(0.3):
            names = dict([*left.columns, *right.columns])
            return Query(f"({left.sql}) UNION ALL BY NAME ({right.sql})", list(names.items()))
        width = min(len(left.columns), len(right.columns))
        sides = [
            f"SELECT {', '.join(n for n, _ in q.columns[:width])} FROM ({q.sql}) AS {self._name('s')}"
            for q in (left, right)
        ]
        word = self.random.choice(["UNION ALL", "UNION", "EXCEPT", "INTERSECT", "EXCEPT ALL", "UNION BY NAME"])
        return Query(f"{sides[0]} {word} {sides[1]}", left.columns[:width])

    def _recursive(self, depth: int, ctes: dict[str, list[tuple[str, str]]]) -> Query:
        name = self._name("r")
        first = self._query(depth - 1, ctes, Columns())
        ints = [n for n, k in first.columns if k == "int"][:2]
        if not ints:
            return first
        columns = [(n, "int") for n in ints]
        if len(ints) == 1:
            step = f"SELECT {ints[0]} + 1 FROM {name} WHERE {ints[0]} < 3"
        else:
            extra = f" JOIN u ON u.a = {name}.{ints[1]}" if self._chance(0.4) else ""
            step = f"SELECT {name}.{ints[1]}, {name}.{ints[0]} + 1 FROM {name}{extra} WHERE {name}.{ints[0]} < 3"
        head = f"SELECT {', '.join(ints)} FROM ({first.sql}) AS {self._name('s')}"
        return Query(
            f"WITH RECURSIVE {name}({', '.join(ints)}) AS ({head} UNION {step}) SELECT {', '.join(ints)} FROM {name}",
            columns,
        )

    def _pivot(self, depth: int, ctes: dict[str, list[tuple[str, str]]]) -> Query:
        inner = self._query(depth - 1, ctes, Columns())
        ints = [n for n, k in inner.columns if k == "int"]
        if len(ints) < 2:
            return inner
        on, value, *rest = self.random.sample(ints, len(ints))
        if self._chance(0.4):
            return Query(
                f"UNPIVOT (SELECT {', '.join(ints)} FROM ({inner.sql}) AS {self._name('s')}) ON {on}, {value} "
                f"INTO NAME which VALUE held",
                [*((n, "int") for n in rest), ("held", "int")],
            )
        group = f" GROUP BY {rest[0]}" if rest and self._chance(0.5) else ""
        kept = rest[:1] if group else rest
        chosen = f"(SELECT {', '.join(ints)} FROM ({inner.sql}) AS {self._name('s')})"
        return Query(
            f"PIVOT {chosen} ON {on} IN (0, 1) USING sum({value}){group}",
            [*((n, "int") for n in kept), ('"0"', "int"), ('"1"', "int")],
        )

    # SELECT

    def _select(self, depth: int, ctes: dict[str, list[tuple[str, str]]], outer: Columns) -> Query:
        sql, columns, closed = self._from(depth, ctes, outer)
        grouped = self._chance(0.3)
        keys = self.random.sample(columns.of("int"), min(len(columns.of("int")), 2)) if grouped else []
        if grouped and keys:
            return self._grouped(sql, columns, keys)
        select, result = self._list(columns, outer, depth, ctes, closed)
        where = f" WHERE {self._condition(columns, outer, depth, ctes)}" if self._chance(0.4) else ""
        tail = ""
        names = [n for n, k in result if k == "int"]
        if self._chance(0.15) and columns.of("int"):
            key, by = self.random.choice(columns.of("int")), self.random.choice(columns.of("int"))
            tail += f" QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {by}) = 1"
        distinct = ""
        if self._chance(0.15):
            distinct = "DISTINCT "
        elif self._chance(0.1) and columns.of("int"):
            distinct = f"DISTINCT ON ({self.random.choice(columns.of('int'))}) "
        if self._chance(0.25):
            by = self.random.choice(["ALL", "1", *names, *columns.of("int")]) if not distinct else "ALL"
            tail += f" ORDER BY {by} LIMIT {self.random.randint(1, 4)}"
        return Query(f"SELECT {distinct}{select} {sql}{where}{tail}", result)

    def _grouped(self, sql: str, columns: Columns, keys: list[str]) -> Query:
        result: list[tuple[str, str]] = []
        parts = []
        for key in keys:
            name = self._alias()
            parts.append(f"{key} AS {name}")
            result.append((name, "int"))
        for _ in range(self.random.randint(1, 2)):
            name = self._alias()
            parts.append(f"{self._aggregate(columns)} AS {name}")
            result.append((name, "int"))
        places = ", ".join(str(n) for n in range(1, len(keys) + 1))
        by = self.random.choice(["ALL", places, ", ".join(keys), f"ROLLUP ({', '.join(keys)})"])
        having = f" HAVING {self._aggregate(columns)} > 1" if self._chance(0.3) else ""
        return Query(f"SELECT {', '.join(parts)} {sql} GROUP BY {by}{having}", _unique(result))

    def _from(
        self, depth: int, ctes: dict[str, list[tuple[str, str]]], outer: Columns
    ) -> tuple[str, Columns, list[tuple[str, list[tuple[str, str]]]]]:
        text, first = self._source(depth, ctes, outer)
        aliases = [first]
        clause = f"FROM {text}"
        merged: set[str] = set()
        for _ in range(self.random.choices([0, 1, 2], [5, 4, 1])[0]):
            before = self._columns(aliases, merged)
            kind = self.random.choice(
                [
                    "JOIN",
                    "LEFT JOIN",
                    "RIGHT JOIN",
                    "FULL JOIN",
                    "USING",
                    "NATURAL",
                    "SEMI",
                    "ANTI",
                    ",",
                    "unnest",
                    "lateral",
                    "ASOF",
                ]
            )
            if kind == "unnest":
                lists = before.of("list")
                argument = self.random.choice(lists) if lists else "[1, 2]"
                alias, column = self._name("n"), self._name("x")
                clause += f", unnest({argument}) AS {alias}({column})"
                aliases.append((alias, [(column, "int")]))
                continue
            if kind == "lateral" and before.of("int"):
                inner = self._select(0, ctes, before)
                alias = self._name("l")
                clause += f", {'LATERAL ' if self._chance(0.5) else ''}({inner.sql}) AS {alias}"
                aliases.append((alias, inner.columns))
                continue
            right_text, right = self._source(depth, ctes, Columns())
            shared = [
                n
                for n, k in right[1]
                if k == "int" and sum((n, k) in cols for _, cols in aliases) == 1 and n not in merged
            ]
            after = self._columns([*aliases, right], merged)
            if kind in ("USING", "NATURAL") and shared and len(aliases) == 1:
                if kind == "USING":
                    side = self.random.choice(["", "LEFT ", "FULL ", "RIGHT "])
                    clause += f" {side}JOIN {right_text} USING ({shared[0]})"
                    merged.add(shared[0])
                else:
                    clause += f" NATURAL JOIN {right_text}"
                    merged |= {n for n, _ in right[1] if any(n == m for m, _ in aliases[0][1])}
                aliases.append(right)
            elif kind == "," or not after.of("int"):
                clause += f", {right_text}"
                aliases.append(right)
            elif kind in ("SEMI", "ANTI"):
                clause += f" {kind} JOIN {right_text} ON {self._comparison(before, self._columns([right], set()))}"
            else:
                word = kind if kind.endswith("JOIN") and kind != "JOIN" else "JOIN"
                clause += f" {word} {right_text} ON {self._comparison(before, self._columns([right], set()))}"
                aliases.append(right)
        columns = self._columns(aliases, merged)
        return clause, columns, aliases

    def _columns(self, aliases: list[tuple[str, list[tuple[str, str]]]], merged: set[str]) -> Columns:
        found = Columns()
        counted = [n for _, columns in aliases for n, _ in columns]
        for alias, columns in aliases:
            for name, kind in columns:
                if name in merged or (counted.count(name) == 1 and self._chance(0.5)):
                    found.seen.append((name, kind))
                else:
                    found.seen.append((f"{alias}.{name}", kind))
        return found

    def _source(
        self, depth: int, ctes: dict[str, list[tuple[str, str]]], outer: Columns
    ) -> tuple[str, tuple[str, list[tuple[str, str]]]]:
        if depth > 0 and self._chance(0.35):
            inner = self._query(depth - 1, ctes, outer)
            alias = self._name("q")
            if self._chance(0.2):
                names = [self._name("k") for _ in inner.columns]
                given = f"{alias}({', '.join(names)})"
                return f"({inner.sql}) AS {given}", (
                    alias,
                    [(n, k) for n, (_, k) in zip(names, inner.columns, strict=True)],
                )
            return f"({inner.sql}) AS {alias}", (alias, inner.columns)
        name = self.random.choice([*TABLES, *ctes])
        columns = ctes[name] if name in ctes else [(c, _KINDS.get(c, "int")) for c in TABLES[name]]
        alias = self._name("y")
        return f"{name} AS {alias}", (alias, list(columns))

    def _list(
        self,
        columns: Columns,
        outer: Columns,
        depth: int,
        ctes: dict[str, list[tuple[str, str]]],
        aliases: list[tuple[str, list[tuple[str, str]]]],
    ) -> tuple[str, list[tuple[str, str]]]:
        if self._chance(0.15):
            alias, own = self.random.choice(aliases)
            ints = [n for n, k in own if k == "int"]
            if len(own) > 1 and ints:
                gone = self.random.choice(ints)
                if self._chance(0.5):
                    return f"{alias}.* EXCLUDE ({gone})", [c for c in own if c[0] != gone]
                value = self._expression(columns, outer, depth, ctes)
                return f"{alias}.* REPLACE ({value} AS {gone})", own
            return f"{alias}.*", own
        if self._chance(0.05) and len(aliases) == 1:
            ints = [n for n, k in aliases[0][1] if k == "int"]
            if ints:
                return f"COLUMNS('^({'|'.join(ints)})$') + 1", [(n, "int") for n in ints]
        parts: list[str] = []
        result: list[tuple[str, str]] = []
        whole = self._chance(0.15)
        for _ in range(self.random.randint(1, 3)):
            within = Columns([*columns.seen, *(c for c in result if c[1] == "int")])
            name = self._alias()
            if name in [n for n, _ in result]:
                continue
            special = self.random.random()
            if special < 0.07 and columns.of("list"):
                parts.append(f"{self.random.choice(columns.of('list'))} AS {name}")
                result.append((name, "list"))
            elif special < 0.12 and columns.of("list"):
                parts.append(f"unnest({self.random.choice(columns.of('list'))}) AS {name}")
                result.append((name, "opaque"))
            elif special < 0.17 and columns.of("struct"):
                parts.append(f"{self.random.choice(columns.of('struct'))} AS {name}")
                result.append((name, "struct"))
            elif whole:
                parts.append(f"{self._aggregate(columns)} AS {name}")
                result.append((name, "int"))
            else:
                parts.append(f"{self._expression(within, outer, depth, ctes)} AS {name}")
                result.append((name, "int"))
        return ", ".join(parts), result

    # Expressions

    def _expression(self, columns: Columns, outer: Columns, depth: int, ctes: dict[str, list[tuple[str, str]]]) -> str:
        ints = columns.of("int") or ["1"]
        one, two, three = (self.random.choice(ints) for _ in range(3))
        choices = [
            one,
            one,
            one,
            f"{one} + {two}",
            f"CASE WHEN {one} > 1 THEN {two} ELSE {three} END",
            f"coalesce({one}, {two})",
        ]
        choices.append(f"sum({one}) OVER (PARTITION BY {two})")
        choices.append(f"min({one}) OVER (ORDER BY {two} RANGE BETWEEN 1 PRECEDING AND CURRENT ROW)")
        choices.append(f"rank() OVER (ORDER BY {one})")
        choices.append(f"({{'p': {one}, 'q': {two}}}).p")
        for held in columns.of("list"):
            choices += [f"len({held})", f"list_sum(list_transform({held}, lambda a: a + {one}))"]
            choices += [f"list_sum([a * 2 for a in {held} if a > 0])", f"{held}[1]"]
        for held in columns.of("struct"):
            choices += [f"{held}.x", f"{held}.d", f"{held}['x']"]
        if depth > 0:
            choices += [self._scalar(columns, depth, ctes)] * 2
            choices.append(f"CASE WHEN EXISTS ({self._select(depth - 1, ctes, columns).sql}) THEN {one} END")
        if outer.of("int"):
            choices += [self.random.choice(outer.of("int"))] * 3
        return self.random.choice(choices)

    def _scalar(self, columns: Columns, depth: int, ctes: dict[str, list[tuple[str, str]]]) -> str:
        text, (alias, own) = self._source(depth - 1, ctes, Columns())
        ints = [f"{alias}.{n}" for n, k in own if k == "int"] or ["1"]
        value = self.random.choice([f"max({self.random.choice(ints)})", "count(*)", f"sum({self.random.choice(ints)})"])
        where = ""
        if columns.of("int") and self._chance(0.7):
            where = f" WHERE {self.random.choice(ints)} = {self.random.choice(columns.of('int'))}"
        return f"(SELECT {value} FROM {text}{where})"

    def _aggregate(self, columns: Columns) -> str:
        ints = columns.of("int") or ["1"]
        one, two, three = (self.random.choice(ints) for _ in range(3))
        return self.random.choice(
            [
                f"sum({one})",
                "count(*)",
                f"max({one} + {two})",
                f"sum({one}) FILTER (WHERE {two} > 1)",
                f"len(list({one} ORDER BY {two}, {one}))",
                f"list({one} ORDER BY {two}, {one})[1]",
                f"count(DISTINCT {one})",
                f"arg_max({one}, {two} * 100 + {one})",
                f"sum(CASE WHEN {three} = 1 THEN {two} END)",
            ]
        )

    def _condition(self, columns: Columns, outer: Columns, depth: int, ctes: dict[str, list[tuple[str, str]]]) -> str:
        both = Columns([*columns.seen, *outer.seen])
        ints = both.of("int") or ["1"]
        one, two = self.random.choice(ints), self.random.choice(ints)
        choices = [f"{one} > 1", f"{one} = {two}", f"{one} IS NOT NULL OR {two} < 2", f"{one} IN (0, 1, {two})"]
        if depth > 0:
            text, (alias, own) = self._source(depth - 1, ctes, Columns())
            names = [n for n, k in own if k == "int"]
            if names:
                chosen = f"{alias}.{self.random.choice(names)}"
                choices.append(f"{one} IN (SELECT {chosen} FROM {text})")
                choices.append(f"NOT EXISTS (SELECT 1 FROM {text} WHERE {chosen} = {one})")
        return self.random.choice(choices)

    def _comparison(self, left: Columns, right: Columns) -> str:
        one = self.random.choice(left.of("int") or ["1"])
        other = self.random.choice(right.of("int") or ["1"])
        return f"{one} {self.random.choice(['=', '=', '<'])} {other}"

    def _alias(self) -> str:
        """Return a new name, or one that a column of a table has, too."""
        return self.random.choice(["a", "b", "d"]) if self._chance(0.3) else self._name("z")

    def _name(self, letter: str) -> str:
        self._names += 1
        return f"{letter}{self._names}"

    def _chance(self, probability: float) -> bool:
        return self.random.random() < probability


def _unique(columns: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave out columns whose names come twice: which of them is meant by a name is the engine's secret."""
    names = [n for n, _ in columns]
    return [c for c in columns if names.count(c[0]) == 1]
