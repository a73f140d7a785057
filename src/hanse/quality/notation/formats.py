"""Formats that ODCS names, as tests. Strings: JSON Schema's formats; numbers: sizes of Rust's types."""

from __future__ import annotations

from hanse.quality.notation.values import bound
from hanse.quality.records import AllOf, Bound, Length, Pattern, ValueTest
from hanse.spec.types import DataType, Scalar

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_H16 = r"[0-9A-Fa-f]{1,4}"
_LS32 = rf"(?:{_H16}:{_H16}|{_IPV4})"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?"
_HOSTNAME = rf"{_LABEL}(?:\.{_LABEL})*"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-]+"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
_DATE = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_OFFSET = r"(?:[Zz]|[+\-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
_URI_CHAR = r"(?:[A-Za-z0-9\-._~:/?\#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})"

# RFC 4291 §2.2: at most one `::`, in any place.
_IPV6 = "|".join(
    [
        rf"(?:{_H16}:){{6}}{_LS32}",
        rf"::(?:{_H16}:){{5}}{_LS32}",
        *(
            rf"(?:(?:{_H16}:){{0,{before}}}{_H16})?::{rf'(?:{_H16}:){{{4 - before}}}' if before < 4 else ''}{_LS32}"
            for before in range(5)
        ),
        rf"(?:(?:{_H16}:){{0,5}}{_H16})?::{_H16}",
        rf"(?:(?:{_H16}:){{0,6}}{_H16})?::",
    ]
)

TEXT_FORMATS = {
    "byte": r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",  # RFC 4648 §4, base64
    "date": _DATE,  # RFC 3339 full-date; days of a month are not counted
    "date-time": rf"{_DATE}[Tt ]{_TIME}{_OFFSET}",  # RFC 3339 date-time
    "email": rf"{_ATOM}(?:\.{_ATOM})*@{_HOSTNAME}",  # RFC 5321 mailbox without quoted parts and address literals
    "hostname": _HOSTNAME,  # RFC 1123
    "ipv4": _IPV4,  # RFC 2673 §3.2
    "ipv6": _IPV6,  # RFC 4291, without zones
    "time": rf"{_TIME}{_OFFSET}",  # RFC 3339 full-time
    "uri": rf"[A-Za-z][A-Za-z0-9+.\-]*:{_URI_CHAR}*",  # RFC 3986: scheme, then legal characters
    "uuid": r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",  # RFC 9562
}
ANNOTATIONS = frozenset({"binary", "password"})  # say how to treat a text, nothing about its characters
_INTEGERS = {f"{sign}{bits}": (sign, bits) for sign in "iu" for bits in (8, 16, 32, 64, 128)}
_FLT_MAX = 3.4028234663852886e38


def text_format(name: str) -> tuple[ValueTest, ...] | None:
    """Return the tests of a string format, or None for an unknown one."""
    body = TEXT_FORMATS.get(name)
    if body is None:
        return None
    tests: tuple[ValueTest, ...] = (Pattern(f"^(?:{body})$", name, is_format=True),)
    if name == "hostname":
        tests += (Length("<=", 253),)
    return tests


def number_format(name: str, type_: DataType) -> tuple[ValueTest, ...] | None:
    """Return the tests of a numeric format (none: every value of the type fits), or None for an unknown one."""
    if name in _INTEGERS:
        sign, bits = _INTEGERS[name]
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if sign == "i" else (0, 2**bits - 1)
    elif name == "f64" or (name == "f32" and type_ is not Scalar.DOUBLE):
        return ()
    elif name == "f32":
        return (Bound(">=", -_FLT_MAX, -_FLT_MAX), Bound("<=", _FLT_MAX, _FLT_MAX))
    else:
        return None
    limits = (bound("minimum", low, type_), bound("maximum", high, type_))
    return tuple(limit for limit in limits if isinstance(limit, Bound))


def together(tests: tuple[ValueTest, ...]) -> ValueTest:
    """Return one test that stands for several."""
    return tests[0] if len(tests) == 1 else AllOf(tests)
