"""Addresses in one spelling: what is compared is what is fetched, and what is shown holds no secret."""

from __future__ import annotations

import ipaddress
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.spec.globs import is_glob
from hanse.spec.sources import SourceSettings
from hanse.spec.urls import Url, is_remote, parse_url, place_of, redact, without_secrets

NAMES = st.text("abc.%/\\ ?#@:[]é~2efE*", max_size=12)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("HTTPS://Data.Example.ORG:443/a", "https://data.example.org/a"),
        ("https://data.example.org.", "https://data.example.org/"),
        ("http://h:0080/%7euser/%2fa", "http://h/~user/%2Fa"),
        ("https://h/a/./b/../c/?q=a b#part", "https://h/a/c/?q=a%20b"),
        ("https://h/a//b", "https://h/a//b"),
        ("https://h/größe.csv", "https://h/gr%C3%B6%C3%9Fe.csv"),
        ("https://XN--gre-6ka8i.example/a", "https://xn--gre-6ka8i.example/a"),
        ("http://[::1]:8080/a", "http://[::1]:8080/a"),
        ("s3a://Bucket/a b/x-?.csv", "s3://Bucket/a b/x-?.csv"),
        ("gcs://b/k", "gs://b/k"),
        ("sftp://me@host:22/in/*.csv", "sftp://me@host/in/*.csv"),
        ("abfs://container@account.dfs.core.windows.net/x", "abfs://container@account.dfs.core.windows.net/x"),
    ],
)
def test_one_spelling(written: str, read: str) -> None:
    assert str(parse_url(written)) == read


@pytest.mark.parametrize(
    "written",
    [
        "data/x.csv", "https://", "https:///x", "https://a b/x", "https://h\\@evil/x", "https://h/a\\..\\b",
        "https://u@h/x", "https://u:p@h/x", "https://h:99999/x", "https://h:x/x", "https://[::1/x", "https://h/\n",
        "https://größe.example/a", "https://h/%2e%2e%2fx", "https://h/a/%252e%252e/x", "s3://b/../x", "s3:///x", "ftp://u:p@h/x",
        "zip://x::s3://b/k",
        "file:///etc/passwd", "local://x", "reference://x", "s3://b/a::file:///x",
    ],
)  # fmt: skip
def test_what_cannot_be_used(written: str) -> None:
    with pytest.raises(ValueError, match=r"^its? ") as raised:
        parse_url(written)
    assert written not in str(raised.value)


@given(NAMES)
def test_the_spelling_is_its_own(name: str) -> None:
    try:
        url = parse_url(f"https://h/in/{name}")
    except ValueError:
        return
    assert parse_url(str(url)) == url


@given(NAMES)
def test_nothing_climbs_out_of_a_prefix(name: str) -> None:
    settings = SourceSettings(allow=("https://h/in/", "s3://b/in"))
    for start in ("https://h/in/", "s3://b/in/"):
        try:
            url = parse_url(start + name)
        except ValueError:
            continue
        path = url.path
        for _ in range(4):
            assert ".." not in path.replace("\\", "/").split("/")
            path = unquote(path)
        if settings.permits(url):
            assert url.path.startswith("/in/")


@given(st.sampled_from(["https://h/in/", "s3://b/in/"]), st.text("abc/", max_size=8))
def test_what_lies_below_a_prefix_is_open(start: str, name: str) -> None:
    assert SourceSettings(allow=(start,)).permits(parse_url(start + name))
    assert not SourceSettings(allow=(start,)).permits(parse_url(start.replace("/in/", "/inn/") + name))
    assert not SourceSettings().permits(parse_url(start + name))


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("https://h/a?b=*", False), ("https://h/*.csv", True), ("http://[::1]/a", False), ("https://h/a#[x]", False),
        ("s3://b/x-?.csv", True), ("s3://b/x.csv", False), ("data/x?.csv", True), ("sftp://[::1]/x", False),
    ],
)  # fmt: skip
def test_which_addresses_are_patterns(path: str, pattern: bool) -> None:
    assert is_glob(path) is pattern


def test_which_paths_are_elsewhere() -> None:
    assert [is_remote(p) for p in ("s3://b/k", "data/x", "/a:b//c", "file:///x", "FILE:///x")] == [True, *[False] * 4]
    assert place_of("file:///srv/x y.csv") == "/srv/x y.csv"
    assert place_of("file://localhost/srv/x") == "/srv/x"
    assert place_of("data/x") == "data/x"


@given(st.text("abcXYZ019-_.~+", min_size=6, max_size=20))
def test_secrets_are_not_shown(secret: str) -> None:
    secret = f"S{secret}S"
    for name in ("X-Amz-Signature", "sig", "token", "access_token", "AWSAccessKeyId", "X-Goog-Credential", "api_key"):
        text = f"https://h/x.csv?part=1&{name}={quote(secret)}&last=2"
        assert secret not in redact(text)
        assert "part=1" in redact(text)
        assert "last=2" in redact(text)
        assert without_secrets(parse_url(text)) == "https://h/x.csv?part=1&last=2"
    for text in (f"https://user:{secret}@h/x", f"see sftp://user:{secret}@h/x for more"):
        assert secret not in redact(text)
        assert "h/x" in redact(text)


def test_references_to_variables_are_shown() -> None:
    assert redact("https://h/x?token=${TOKEN}") == "https://h/x?token=${TOKEN}"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("64:ff9b::5db8:d822", True),
        ("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False), ("192.168.0.1", False), ("0.0.0.0", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("224.0.0.1", False), ("255.255.255.255", False),
        ("::1", False), ("::", False), ("fe80::1", False), ("fc00::1", False), ("ff02::1", False),
        ("::ffff:10.0.0.1", False), ("64:ff9b::a00:1", False), ("2002:7f00:1::", False),
    ],
)  # fmt: skip
def test_where_hosts_may_lie(address: str, public: bool) -> None:
    url = Url("https", "data.example.org", "/")
    ip = ipaddress.ip_address(address)
    assert SourceSettings(allow=("https://data.example.org/",)).permits_address(url, ip) is public
    everywhere = ("0.0.0.0/0", "::/0")
    assert SourceSettings(allow=("https://data.example.org/",), networks=everywhere).permits_address(url, ip)


def test_an_address_that_the_list_names_is_open() -> None:
    named = SourceSettings(allow=("http://10.0.0.1:8080/", "http://localhost/in/"))
    ten, here = ipaddress.ip_address("10.0.0.1"), ipaddress.ip_address("127.0.0.1")
    assert named.permits_address(parse_url("http://10.0.0.1:8080/x"), ten)
    assert not named.permits_address(parse_url("http://10.0.0.1:9/x"), ten)
    assert named.permits_address(parse_url("http://localhost/in/x"), here)
    assert not named.permits_address(parse_url("http://localhost/in/x"), ten)
    assert not named.permits_address(parse_url("http://localhost/other"), here)
