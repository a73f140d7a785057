"""The formats of addresses accept what Python's own reader of addresses accepts, and nothing else."""

from __future__ import annotations

import ipaddress
import re

from hypothesis import example, given
from hypothesis import strategies as st

from hanse.quality.notation.formats import TEXT_FORMATS

from .oracle import has_format

GROUPS = st.lists(st.sampled_from(["", "0", "1", "ab", "FFFF", "12345", "g", "1.2.3.4", "1.2.3"]), max_size=10)
NUMBERS = st.lists(st.sampled_from(["", "0", "1", "00", "01", "99", "255", "256", "1000", "a"]), max_size=6)


@given(st.one_of(GROUPS.map(":".join), st.text("01f:.", max_size=12)))
@example("::")
@example("1:2:3:4:5:6:7::")
@example("::2:3:4:5:6:7:8")
@example("1:2:3:4:5:6:1.2.3.4")
@example("1:2:3:4:5:6:7:1.2.3.4")
def test_ipv6(text: str) -> None:
    assert (re.fullmatch(TEXT_FORMATS["ipv6"], text) is not None) == has_format(text, "ipv6")


@given(NUMBERS.map(".".join))
def test_ipv4(text: str) -> None:
    assert (re.fullmatch(TEXT_FORMATS["ipv4"], text) is not None) == has_format(text, "ipv4")


@given(st.ip_addresses())
def test_every_address_is_one(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    assert re.fullmatch(TEXT_FORMATS[f"ipv{address.version}"], str(address))
