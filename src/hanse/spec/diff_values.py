"""Which of two bounds, lists of values or types asks less of the data."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal as Number
from enum import StrEnum
from typing import Any

from hanse.spec.change import ChangeKind
from hanse.spec.contract import Limits
from hanse.spec.types import DataType, Decimal, List, Map, Scalar, Struct


class Verdict(StrEnum):
    """How a clause moved."""

    LOOSER = "looser"
    TIGHTER = "tighter"
    UNCLEAR = "unclear"  # neither includes the other, or nobody can tell


@dataclass(frozen=True, slots=True)
class Moved:
    """One clause that moved.

    Attributes:
        clause: name of the clause.
        old, new: both sides in words.
    """

    clause: str
    old: str
    new: str
    verdict: Verdict


def compare_limits(old: Limits, new: Limits) -> Iterator[Moved]:
    """Yield the bounds that differ. Inclusive and exclusive bounds of one side are compared as one bound."""
    for clause, before, after, sign in (
        ("minimum", _lower(old), _lower(new), 1),
        ("maximum", _upper(old), _upper(new), -1),
        ("minimum length", (old.min_length, 0), (new.min_length, 0), 1),
        ("maximum length", (old.max_length, 0), (new.max_length, 0), -1),
    ):
        if before != after:
            yield Moved(clause, _bound_words(before), _bound_words(after), _compare_bound(before, after, sign))
    if old.multiple_of != new.multiple_of:
        verdict = _compare_multiple(old.multiple_of, new.multiple_of)
        yield Moved("multiple of", words(old.multiple_of), words(new.multiple_of), verdict)
    for clause, left, right in (("pattern", old.pattern, new.pattern), ("format", old.format, new.format)):
        if left != right:
            yield Moved(clause, words(left), words(right), _compare_presence(left, right))
    if old.unique_items != new.unique_items:
        verdict = Verdict.TIGHTER if new.unique_items else Verdict.LOOSER
        yield Moved("unique items", words(old.unique_items), words(new.unique_items), verdict)


def compare_enums(
    old: tuple[Any, ...], new: tuple[Any, ...]
) -> tuple[tuple[Any, ...], tuple[Any, ...], Verdict] | None:
    """Compare allowed values; an empty tuple allows any.

    Returns:
        Values that are new, values that are gone, and the verdict; None when the same values are allowed.
    """
    before, after = {_value_key(v): v for v in old}, {_value_key(v): v for v in new}
    if before.keys() == after.keys():
        return None
    added = tuple(v for k, v in after.items() if k not in before)
    gone = tuple(v for k, v in before.items() if k not in after)
    if not old or (new and not added):
        return added, gone, Verdict.TIGHTER
    return added, gone, Verdict.LOOSER


def compare_types(old: DataType, new: DataType) -> tuple[ChangeKind, str] | None:
    """Say what another type means to a reader, with the reason; None when the types are equal.

    Only what keeps every reader's code and every stored value working is additive: more or fewer digits before the
    point of a decimal, and further members of a record. Everything else is breaking, even where a table format calls
    it widening: an integer read as a double loses digits above 2^53, a date read as a timestamp groups differently.
    """
    if old == new:
        return None
    if isinstance(old, Decimal) and isinstance(new, Decimal):
        if old.scale != new.scale:
            return (
                ChangeKind.BREAKING,
                "the digits after the point change, so values are rounded or printed differently",
            )
        if new.precision > old.precision:
            return ChangeKind.ADDITIVE, "it holds every value of before in the same form, and larger ones"
        return ChangeKind.ADDITIVE, "the values keep their form and only the largest ones are no longer possible"
    if isinstance(old, Struct) and isinstance(new, Struct):
        return _compare_structs(old, new)
    if isinstance(old, List) and isinstance(new, List):
        return compare_types(old.item, new.item)
    if isinstance(old, Map) and isinstance(new, Map):
        found = [c for c in (compare_types(old.key, new.key), compare_types(old.value, new.value)) if c]
        return min(found, key=lambda c: c[0] is not ChangeKind.BREAKING)
    return ChangeKind.BREAKING, _retyped_why(old, new)


def comparable(value: Any) -> tuple[str, Any] | None:
    """Return what kind of order a value belongs to and its place in it, or None when it has none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        number = Number(str(value))
        return ("number", number) if number.is_finite() else None
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return f"text of {len(value)}", value
    return ("wall clock" if moment.tzinfo is None else "moment"), moment


def frozen(value: Any) -> Hashable:
    """Return a hashable value that is equal for equal trees of mappings, lists and scalars (1 and 1.0 differ)."""
    if isinstance(value, Mapping):
        return tuple(sorted((str(k), repr(frozen(v))) for k, v in value.items()))
    if isinstance(value, list | tuple):
        return tuple(frozen(v) for v in value)
    return type(value).__name__, repr(value)


def words(value: Any) -> str:
    """Return a value as it is shown in a sentence."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"`{value}`"


def _compare_structs(old: Struct, new: Struct) -> tuple[ChangeKind, str]:
    after = {f.name: f for f in new.fields}
    for member in old.fields:
        other = after.get(member.name)
        if other is None:
            return ChangeKind.BREAKING, f"its member `{member.name}` is gone, and code that reads it fails"
        inner = compare_types(member.type, other.type)
        if inner and inner[0] is ChangeKind.BREAKING:
            return ChangeKind.BREAKING, f"its member `{member.name}`: {inner[1]}"
        if member.required and not other.required:
            return ChangeKind.BREAKING, f"its member `{member.name}` may be null now"
    if {f.name for f in old.fields} == after.keys() and all(
        f.type == after[f.name].type and f.required == after[f.name].required for f in old.fields
    ):
        return ChangeKind.COSMETIC, "members are read by name, and only their order changed"
    return ChangeKind.ADDITIVE, "every member that is read today keeps its name and form"


def _retyped_why(old: DataType, new: DataType) -> str:
    if new is Scalar.VARCHAR:
        return "text compares and sorts differently, and code that calculates with the values fails"
    if old is Scalar.BIGINT and new is Scalar.DOUBLE:
        return "integers above 2^53 lose digits as doubles, and joins on them miss"
    if {old, new} == {Scalar.TIMESTAMP, Scalar.TIMESTAMPTZ}:
        return "one is a reading of a wall clock, the other a moment: the same value now means another time"
    if old is Scalar.DATE and new in (Scalar.TIMESTAMP, Scalar.TIMESTAMPTZ):
        return "comparisons and groups by day no longer match"
    return f"code written for {old} gets {new}"


def _lower(limits: Limits) -> tuple[Any, int]:
    return _stricter((limits.minimum, 0), (limits.exclusive_minimum, 1), 1)


def _upper(limits: Limits) -> tuple[Any, int]:
    return _stricter((limits.maximum, 0), (limits.exclusive_maximum, 1), -1)


def _stricter(inclusive: tuple[Any, int], exclusive: tuple[Any, int], sign: int) -> tuple[Any, int]:
    """Of the two ways to write one bound return the one that decides; a pair of both when they cannot be compared."""
    if exclusive[0] is None:
        return inclusive
    if inclusive[0] is None:
        return exclusive
    match _compare_bound(inclusive, exclusive, sign):
        case Verdict.LOOSER:
            return inclusive
        case Verdict.TIGHTER:
            return exclusive
        case _:
            return (inclusive[0], exclusive[0]), 1


def _compare_bound(old: tuple[Any, int], new: tuple[Any, int], sign: int) -> Verdict:
    """Compare (value, exclusive) pairs; ``sign`` is 1 when a larger value asks more, -1 when a smaller one does."""
    if old[0] is None or new[0] is None:
        return Verdict.LOOSER if new[0] is None else Verdict.TIGHTER
    before, after = comparable(old[0]), comparable(new[0])
    if before is None or after is None or before[0] != after[0]:
        return Verdict.UNCLEAR
    if before == after:
        return Verdict.TIGHTER if new[1] > old[1] else Verdict.LOOSER
    grew = after > before
    return Verdict.TIGHTER if grew == (sign > 0) else Verdict.LOOSER


def _compare_multiple(old: float | None, new: float | None) -> Verdict:
    if old is None or new is None:
        return _compare_presence(old, new)
    before, after = Number(str(old)), Number(str(new))
    if before and after and after % before == 0:
        return Verdict.TIGHTER
    return Verdict.LOOSER if before and after and before % after == 0 else Verdict.UNCLEAR


def _compare_presence(old: object, new: object) -> Verdict:
    if old is None:
        return Verdict.TIGHTER
    return Verdict.LOOSER if new is None else Verdict.UNCLEAR


def _bound_words(bound: tuple[Any, int]) -> str:
    return f"{words(bound[0])} (excluded)" if bound[1] and bound[0] is not None else words(bound[0])


def _value_key(value: Any) -> tuple[str, Any]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number", Number(str(value))
    return type(value).__name__, repr(value)
