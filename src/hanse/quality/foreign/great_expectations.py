"""Great Expectations: the usual ``expect_…`` types.

Expectations of columns look at values that are not null, and ``mostly`` is a share of these; only whether values are
null is asked of all rows.

Source: https://greatexpectations.io/expectations/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal as Number
from typing import Any, Literal

from sqlglot import exp

from hanse.quality.foreign.meant import Function, Meant, NoEquivalent, Place, aggregate, tests_of, values_of
from hanse.quality.notation.formats import together
from hanse.quality.records import (
    Answer,
    Columns,
    Duplicates,
    NotMissing,
    OneOf,
    Required,
    Rows,
    Settled,
    Target,
    Typed,
    ValueTest,
    Violations,
)
from hanse.registry.records import CheckStatus
from hanse.spec.contract import Condition
from hanse.spec.types import parse_type

_SILENT = frozenset({"column", "mostly", "meta", "notes", "result_format", "catch_exceptions", "include_config"})
_SILENT_TOO = frozenset({"severity", "parse_strings_as_datetimes", "batch_id"})
_ZERO = (Condition("mustBe", (0,)),)
_AGGREGATES: dict[str, Function] = {
    "expect_column_min_to_be_between": "min",
    "expect_column_max_to_be_between": "max",
    "expect_column_mean_to_be_between": "avg",
    "expect_column_sum_to_be_between": "sum",
    "expect_column_stdev_to_be_between": "stddev",
    "expect_column_unique_value_count_to_be_between": "distinct",
}


def read_expectations(implementation: object, place: Place) -> Sequence[Meant]:
    """Return the expectations of a rule for Great Expectations.

    Args:
        implementation: an expectation (``type``, or ``expectation_type``, and ``kwargs``), a list of them, or a suite.
        place: where the rule stands.

    Raises:
        NoEquivalent: nothing of it can be read.
    """
    found = []
    for one in _listed(implementation):
        try:
            found.append(_Expectation(one, place).meant())
        except NoEquivalent as problem:
            found.append(problem.meant())
    if not found:
        raise NoEquivalent("", "no expectation can be found in it")
    return found


def _listed(implementation: object) -> Iterator[Mapping[Any, Any]]:
    if isinstance(implementation, list | tuple):
        for inner in implementation:
            yield from _listed(inner)
    elif isinstance(implementation, Mapping):
        if "expectations" in implementation:
            yield from _listed(implementation["expectations"])
        else:
            yield implementation


class _Expectation:
    def __init__(self, written: Mapping[Any, Any], place: Place) -> None:
        self._words = str(written.get("type") or written.get("expectation_type") or "an expectation without a type")
        kwargs = written.get("kwargs")
        self._options = {_snake(str(k)): v for k, v in kwargs.items()} if isinstance(kwargs, Mapping) else {}
        self._place = place
        self._mostly = self._options.get("mostly", 1)

    def meant(self) -> Meant:
        read = _READERS.get(self._words)
        if self._words in _AGGREGATES:
            return self._aggregate()
        if read is None:
            raise NoEquivalent(self._words, "it has no exact equivalent")
        return read(self)

    def not_null(self) -> Meant:
        return self._rows(Required(), of_present=False)

    def null(self) -> Meant:
        return self._rows(OneOf(()), of_present=False)

    def unique(self) -> Meant:
        target = self._target()
        self._require_all()
        self._require_known()
        return Meant(self._shown(), Duplicates((target,)), _ZERO)

    def in_set(self) -> Meant:
        return self._rows(OneOf(values_of(self._take("value_set"), self._target(), self._words)))

    def not_in_set(self) -> Meant:
        return self._rows(NotMissing(values_of(self._take("value_set"), self._target(), self._words), null=False))

    def between(self) -> Meant:
        stated = self._sides("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
        return self._clauses(stated)

    def lengths_between(self) -> Meant:
        stated = self._sides("minLength", "maxLength", "above", "below")
        if "above" in stated:
            stated["minLength"] = stated.pop("above") + 1
        if "below" in stated:
            stated["maxLength"] = stated.pop("below") - 1
        return self._clauses(stated)

    def lengths_equal(self) -> Meant:
        length = self._take("value")
        return self._clauses({"minLength": length, "maxLength": length})

    def matches(self) -> Meant:
        return self._clauses({"pattern": self._take("regex")})

    def matches_list(self) -> Meant:
        patterns = self._take("regex_list")
        if not isinstance(patterns, list | tuple) or not patterns:
            raise NoEquivalent(self._words, "`regex_list` is no list")
        if self._options.pop("match_on", "any") == "any":
            return self._clauses({"pattern": "|".join(f"(?:{p})" for p in patterns)})
        tests = [t for p in patterns for t in tests_of({"pattern": p}, self._target(), self._words)]
        return self._rows(together(tuple(tests)))

    def typed(self) -> Meant:
        target, stated = self._target(), str(self._take("type_"))
        if parse_type(stated) != target.type:
            raise NoEquivalent(self._words, f"whether a {target.type} is a `{stated}` depends on the tool's backend")
        self._require_known()
        return Meant(self._shown(), Typed(target))

    def row_count(self) -> Meant:
        return Meant(self._shown(), Rows(), self._conditions())

    def row_count_equal(self) -> Meant:
        condition = Condition("mustBe", (self._take("value"),))
        self._require_known()
        return Meant(self._shown(), Rows(), (condition,))

    def column_exists(self) -> Meant:
        name = self._options.get("column") or (self._place.column.name if self._place.column else None)
        if name is None:
            raise NoEquivalent(self._words, "it names no column")
        self._require_known()
        return Meant(self._shown(), Columns((str(name),), "has"))

    def columns_ordered(self) -> Meant:
        return self._columns("column_list", "ordered")

    def columns_set(self) -> Meant:
        exact = self._options.pop("exact_match", True)
        return self._columns("column_set", "has" if exact is False else "set")

    def column_count(self) -> Meant:
        return Meant(self._shown(), Columns((), "count"), self._conditions())

    def column_count_equal(self) -> Meant:
        condition = Condition("mustBe", (self._take("value"),))
        self._require_known()
        return Meant(self._shown(), Columns((), "count"), (condition,))

    def compound(self) -> Meant:
        names = self._take("column_list")
        if not isinstance(names, list | tuple) or not names:
            raise NoEquivalent(self._words, "`column_list` is no list")
        targets = tuple(self._place.target_of(n, self._words) for n in names)
        needed = all(c.required for n in names if (c := self._place.table.column(str(n))))
        if self._options.pop("ignore_row_if", None) != "any_value_is_missing" and not needed:
            fix = "say `ignore_row_if: any_value_is_missing`, or make the columns `required`"
            raise NoEquivalent(self._words, "a key with a null in it equals no other here", fix)
        self._require_all()
        self._require_known()
        return Meant(self._shown(), Duplicates(targets), _ZERO)

    def pair_equal(self) -> Meant:
        return self._pair(exp.NullSafeNEQ, ("both_values_are_missing", None))

    def pair_greater(self) -> Meant:
        either = bool(self._options.pop("or_equal", False))
        return self._pair(exp.LT if either else exp.LTE, ("either_value_is_missing",))

    def _pair(self, breaks: type[exp.Binary], ignored: tuple[str | None, ...]) -> Meant:
        pair = [self._place.target_of(self._take(k), self._words) for k in ("column_a", "column_b")]
        ignore = self._options.pop("ignore_row_if", None)
        if ignore not in ignored:
            raise NoEquivalent(self._words, f"`ignore_row_if: {ignore}` has no exact equivalent", f"use `{ignored[0]}`")
        self._require_all()
        self._require_known()
        left, right = (exp.column(exp.to_identifier(t.column, quoted=True)) for t in pair)
        table = exp.Table(this=exp.to_identifier(self._place.table.name, quoted=True))
        query = exp.select(exp.Count(this=exp.Star())).from_(table).where(breaks(this=left, expression=right))
        return Meant(self._shown(), Answer(query.sql("duckdb"), None), _ZERO)

    def _columns(self, key: str, how: Literal["has", "set", "ordered"]) -> Meant:
        names = self._take(key)
        if not isinstance(names, list | tuple):
            raise NoEquivalent(self._words, f"`{key}` is no list")
        self._require_known()
        return Meant(self._shown(), Columns(tuple(map(str, names)), how))

    def _aggregate(self) -> Meant:
        measure = aggregate(_AGGREGATES[self._words], self._target(), self._words)
        return Meant(self._shown(), measure, self._conditions())

    def _clauses(self, stated: Mapping[str, Any]) -> Meant:
        tests = tests_of(stated, self._target(), self._words)
        if not tests:
            return Meant(self._shown(), Settled(CheckStatus.PASSED, f"every {self._target().type} keeps it"))
        return self._rows(together(tests))

    def _rows(self, test: ValueTest, *, of_present: bool = True) -> Meant:
        target = self._target()
        self._require_known()
        if self._mostly == 1:
            return Meant(self._shown(), Violations(target, test), _ZERO)
        if isinstance(self._mostly, bool) or not isinstance(self._mostly, int | float) or not 0 <= self._mostly <= 1:
            raise NoEquivalent(self._words, f"`mostly: {self._mostly}` is no share")
        allowed = 100 - 100 * Number(str(self._mostly))
        at_most = Condition("mustBeLessOrEqualTo", (float(allowed),))
        return Meant(self._shown(), Violations(target, test, of_present=of_present), (at_most,), "percent")

    def _conditions(self) -> tuple[Condition, ...]:
        stated = self._sides("mustBeGreaterOrEqualTo", "mustBeLessOrEqualTo", "mustBeGreaterThan", "mustBeLessThan")
        self._require_known()
        return tuple(Condition(operator, (value,)) for operator, value in stated.items())

    def _sides(self, low: str, high: str, above: str, below: str) -> dict[str, Any]:
        least, most = self._options.pop("min_value", None), self._options.pop("max_value", None)
        open_low, open_high = self._options.pop("strict_min", False), self._options.pop("strict_max", False)
        found = {}
        if least is not None:
            found[above if open_low else low] = least
        if most is not None:
            found[below if open_high else high] = most
        if not found:
            raise NoEquivalent(self._words, "it has neither `min_value` nor `max_value`")
        return found

    def _target(self) -> Target:
        return self._place.target_of(self._options.get("column"), self._words)

    def _take(self, key: str) -> Any:
        if self._options.get(key) is None:
            raise NoEquivalent(self._words, f"it has no `{key}`")
        return self._options.pop(key)

    def _require_all(self) -> None:
        if self._mostly != 1:
            raise NoEquivalent(self._words, "`mostly` has no exact equivalent here")

    def _require_known(self) -> None:
        left = [k for k, v in self._options.items() if k not in _SILENT | _SILENT_TOO and v is not None]
        if left:
            raise NoEquivalent(self._words, f"its `{left[0]}` has no exact equivalent")

    def _shown(self) -> str:
        column = self._options.get("column")
        return f"{self._words}({column})" if column else self._words


_READERS: dict[str, Callable[[_Expectation], Meant]] = {
    "expect_column_values_to_not_be_null": _Expectation.not_null,
    "expect_column_values_to_be_null": _Expectation.null,
    "expect_column_values_to_be_unique": _Expectation.unique,
    "expect_column_values_to_be_in_set": _Expectation.in_set,
    "expect_column_distinct_values_to_be_in_set": _Expectation.in_set,
    "expect_column_values_to_not_be_in_set": _Expectation.not_in_set,
    "expect_column_values_to_be_between": _Expectation.between,
    "expect_column_value_lengths_to_be_between": _Expectation.lengths_between,
    "expect_column_value_lengths_to_equal": _Expectation.lengths_equal,
    "expect_column_values_to_match_regex": _Expectation.matches,
    "expect_column_values_to_match_regex_list": _Expectation.matches_list,
    "expect_column_values_to_be_of_type": _Expectation.typed,
    "expect_table_row_count_to_be_between": _Expectation.row_count,
    "expect_table_row_count_to_equal": _Expectation.row_count_equal,
    "expect_column_to_exist": _Expectation.column_exists,
    "expect_table_columns_to_match_ordered_list": _Expectation.columns_ordered,
    "expect_table_columns_to_match_set": _Expectation.columns_set,
    "expect_table_column_count_to_be_between": _Expectation.column_count,
    "expect_table_column_count_to_equal": _Expectation.column_count_equal,
    "expect_compound_columns_to_be_unique": _Expectation.compound,
    "expect_column_pair_values_to_be_equal": _Expectation.pair_equal,
    "expect_column_pair_values_a_to_be_greater_than_b": _Expectation.pair_greater,
}


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).replace("__", "_")
