"""Files of web servers, good ones and bad ones."""

from __future__ import annotations

import base64
import gzip
import hashlib
import ipaddress
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hanse.base import Code, IngestError
from hanse.drivers.http import HttpFiles, Patience
from hanse.interfaces import Fetched, Validator
from hanse.interfaces.codes import (
    CANNOT_LIST,
    FETCH_FAILED,
    FETCH_INCOMPLETE,
    PRIVATE_ADDRESS,
    REDIRECT_REFUSED,
    REMOTE_MISSING,
    REMOTE_REFUSED,
    REMOTE_TOO_LARGE,
)
from hanse.spec.sources import SourceSettings
from hanse.spec.urls import parse_url
from hanse.testing.files import FilesSuite, Reply, WebServer
from hanse.testing.files.server import Request, modified_header
from hanse.testing.files.suite import LARGE, refused

QUICK = Patience(attempts=3, wait=0.01, longest_wait=0.05, silence=0.5, whole=20)
SECRET = "s3cr3t-token"


@pytest.fixture
def web() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


def driver(web: WebServer, patience: Patience = QUICK, *, max_bytes: int = 1 << 30) -> HttpFiles:
    return HttpFiles(SourceSettings(allow=(web.url("/"),), max_bytes=max_bytes), patience)


class TestHttp(FilesSuite):
    @pytest.fixture(autouse=True)
    def place(self, web: WebServer) -> None:
        self.web = web

    def source(self, *, max_bytes: int = 1 << 30) -> HttpFiles:
        return driver(self.web, max_bytes=max_bytes)

    def put(self, name: str, content: bytes) -> None:
        self.web.put(f"/{name}", content)

    def address(self, name: str) -> str:
        return self.web.url(f"/{name}")


class Get:
    """Fetches from a server into a folder."""

    def __init__(self, web: WebServer, folder: Path) -> None:
        self.web, self.folder, self.count = web, folder, 0

    def __call__(
        self,
        path: str,
        source: HttpFiles | None = None,
        *,
        known: Validator | None = None,
        headers: dict[str, str] | None = None,
    ) -> Fetched | None:
        self.count += 1
        chosen, url = source or driver(self.web), parse_url(self.web.url(path))
        return chosen.fetch(url, str(self.target), known=known, headers=headers)

    @property
    def target(self) -> Path:
        return self.folder / f"part-{self.count}"


@pytest.fixture
def get(web: WebServer, tmp_path: Path) -> Get:
    return Get(web, tmp_path)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# Validators


def test_an_etag_is_asked_with_and_believed(web: WebServer, get: Get) -> None:
    web.put("/a.csv", b"a\n1\n")
    first = get("/a.csv")
    assert first is not None
    assert get("/a.csv", known=first.validator) is None
    assert first.validator is not None
    assert web.requests[-1].headers["if-none-match"] == first.validator.etag


def test_last_modified_serves_where_there_is_no_etag(web: WebServer, get: Get) -> None:
    told = modified_header()

    def answer(request: Request) -> Reply:
        if request.headers.get("if-modified-since") == told["Last-Modified"]:
            return Reply(304, length=-1)
        return Reply(200, (b"a\n1\n",), headers=told)

    web.answer("/a.csv", answer)
    first = get("/a.csv")
    assert first is not None
    assert first.validator == Validator(None, told["Last-Modified"])
    assert get("/a.csv", known=first.validator) is None


def test_a_time_that_has_just_passed_is_not_believed(web: WebServer, get: Get) -> None:
    from email.utils import formatdate

    web.answer("/a.csv", lambda _: Reply(200, (b"1",), headers={"Last-Modified": formatdate(usegmt=True)}))
    found = get("/a.csv")
    assert found is not None
    assert found.validator is None


def test_a_server_without_validators_is_always_read(web: WebServer, get: Get) -> None:
    web.has_validators = False
    web.put("/a.csv", b"1")
    for _ in range(2):
        found = get("/a.csv")
        assert found is not None
        assert found.validator is None


def test_not_modified_is_believed_only_when_asked(web: WebServer, get: Get) -> None:
    web.answer("/a.csv", lambda _: Reply(304, length=-1))
    with refused(FETCH_FAILED):
        get("/a.csv")


# Cut connections


def test_a_cut_download_goes_on_where_it_was_cut(web: WebServer, get: Get) -> None:
    web.put("/a.csv", LARGE)
    etag = web.file(LARGE, Request("/a.csv", {})).headers
    web.once("/a.csv", Reply(200, (LARGE[:4_000_000],), length=len(LARGE), headers=etag, cut=True))
    found = get("/a.csv")
    assert found is not None
    assert found.sha256 == sha(LARGE)
    assert get.target.read_bytes() == LARGE
    assert web.requests[-1].headers["range"] == "bytes=4000000-"
    assert web.requests[-1].headers["if-range"] == etag["ETag"]


def test_a_file_that_changed_after_the_cut_begins_anew(web: WebServer, get: Get) -> None:
    web.put("/a.csv", b"new" * 1000)
    web.once("/a.csv", Reply(200, (b"old" * 500,), length=3000, headers={"ETag": '"old"'}, cut=True))
    assert get("/a.csv") is not None
    assert get.target.read_bytes() == b"new" * 1000


@pytest.mark.parametrize(
    "wrong",
    [
        {"Content-Range": "bytes 10-2999/3000", "ETag": '"x"'},
        {"Content-Range": "bytes 1500-2999/3001", "ETag": '"x"'},
        {"Content-Range": "nonsense", "ETag": '"x"'},
        {"Content-Range": "bytes 1500-2999/3000", "ETag": '"y"'},
        {"Content-Range": "bytes 1500-2999/*", "ETag": '"x"'},
    ],
)
def test_a_part_that_was_not_asked_for_is_not_taken(web: WebServer, get: Get, wrong: dict[str, str]) -> None:
    web.put("/a.csv", b"new" * 1000)
    web.once("/a.csv", Reply(200, (b"old" * 500,), length=3000, headers={"ETag": '"x"'}, cut=True))
    web.once("/a.csv", Reply(206, (b"bad" * 500,), headers=wrong))
    assert get("/a.csv") is not None
    assert get.target.read_bytes() == b"new" * 1000


@pytest.mark.parametrize("etag", [{}, {"ETag": 'W/"weak"'}], ids=["no etag", "weak etag"])
def test_without_a_strong_etag_nothing_is_resumed(web: WebServer, get: Get, etag: dict[str, str]) -> None:
    web.has_validators = False
    web.put("/a.csv", b"new" * 1000)
    web.once("/a.csv", Reply(200, (b"old" * 500,), length=3000, headers=etag, cut=True))
    assert get("/a.csv") is not None
    assert get.target.read_bytes() == b"new" * 1000
    assert all("range" not in request.headers for request in web.requests)


@pytest.mark.parametrize("sent", [0, 1, 2999])
def test_a_download_that_is_always_cut_is_never_whole(web: WebServer, get: Get, sent: int) -> None:
    web.has_ranges = False
    web.answer("/a.csv", lambda _: Reply(200, (b"x" * sent,), length=3000, cut=True))
    with pytest.raises(IngestError) as raised:
        get("/a.csv")
    assert raised.value.code in (FETCH_INCOMPLETE, FETCH_FAILED)
    assert len(web.requests) == QUICK.attempts


def test_chunks_without_their_end_are_cut_too(web: WebServer, get: Get) -> None:
    chunked = {"Transfer-Encoding": "chunked"}
    web.once("/a.csv", *[Reply(200, (b"3\r\nabc\r\n",), length=-1, headers=chunked)] * 3)
    with refused(FETCH_INCOMPLETE):
        get("/a.csv")
    web.once("/a.csv", Reply(200, (b"3\r\nabc\r\n", b"0\r\n\r\n"), length=-1, headers=chunked))
    assert get("/a.csv") is not None
    assert get.target.read_bytes() == b"abc"


def test_a_body_that_ends_when_it_ends_is_refused(web: WebServer, get: Get) -> None:
    web.answer("/a.csv", lambda _: Reply(200, (b"abc",), length=-1))
    with refused(FETCH_INCOMPLETE):
        get("/a.csv")


# Checksums


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Content-MD5", lambda b: base64.b64encode(hashlib.md5(b).digest()).decode()),
        ("Repr-Digest", lambda b: f"sha-256=:{base64.b64encode(hashlib.sha256(b).digest()).decode()}:"),
        ("Digest", lambda b: f"md5=x,SHA-256={base64.b64encode(hashlib.sha256(b).digest()).decode()}"),
    ],
)
def test_checksums_are_compared(web: WebServer, get: Get, header: str, value: Callable[[bytes], str]) -> None:
    web.once("/a.csv", Reply(200, (b"bad",), headers={header: value(b"good")}))
    web.once("/a.csv", Reply(200, (b"good",), headers={header: value(b"good")}))
    assert get("/a.csv") is not None
    assert get.target.read_bytes() == b"good"
    assert len(web.requests) == 2
    web.once("/a.csv", *[Reply(200, (b"bad",), headers={header: value(b"good")})] * 3)
    with pytest.raises(IngestError, match="checksum"):
        get("/a.csv")


# Servers in trouble


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 408])
def test_a_server_in_trouble_is_asked_again(web: WebServer, get: Get, status: int) -> None:
    web.put("/a.csv", b"1")
    web.once("/a.csv", Reply(status, headers={"Retry-After": "0"}), Reply(status))
    assert get("/a.csv") is not None
    web.answer("/a.csv", lambda _: Reply(status))
    with refused(FETCH_FAILED):
        get("/a.csv")


def test_a_server_that_asks_for_long_patience_does_not_get_it(web: WebServer, get: Get) -> None:
    web.answer("/a.csv", lambda _: Reply(503, headers={"Retry-After": "999999"}))
    begun = time.monotonic()
    with refused(FETCH_FAILED):
        get("/a.csv")
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, REMOTE_MISSING), (410, REMOTE_MISSING), (401, REMOTE_REFUSED), (403, REMOTE_REFUSED), (400, FETCH_FAILED)],
)
def test_a_refusal_is_final(web: WebServer, get: Get, status: int, code: Code) -> None:
    web.answer("/a.csv", lambda _: Reply(status))
    with refused(code):
        get("/a.csv")
    assert len(web.requests) == 1


def test_a_silent_server_is_given_up(web: WebServer, get: Get) -> None:
    web.answer("/a.csv", lambda _: Reply(200, (b"1", b"2"), length=2, pause=2.0))
    with refused(FETCH_FAILED):
        get("/a.csv", driver(web, Patience(attempts=2, wait=0.01, silence=0.2)))


def test_a_server_that_drips_is_cut_off(web: WebServer, get: Get) -> None:
    # Never silent for long, and never done: only the clock for the whole file ends this.
    web.answer("/a.csv", lambda _: Reply(200, [b"x"] * 200, length=200, pause=0.1))
    begun = time.monotonic()
    with refused(FETCH_INCOMPLETE):
        get("/a.csv", driver(web, Patience(attempts=50, wait=0.01, silence=5, whole=1.0)))
    assert time.monotonic() - begun < 8


def test_headers_that_drip_are_cut_off(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        done = threading.Event()

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                for _ in range(200):
                    if done.wait(0.05):
                        return
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        place = f"http://127.0.0.1:{port}/"
        source = HttpFiles(SourceSettings(allow=(place,)), Patience(attempts=1, silence=5, whole=0.5))
        with pytest.raises(IngestError) as raised:
            source.fetch(parse_url(place), str(tmp_path / "part"))
        assert raised.value.code in (FETCH_FAILED, FETCH_INCOMPLETE)
        assert thread.is_alive()  # it was we who hung up
        done.set()
        thread.join(10)


def test_nobody_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        place = f"http://127.0.0.1:{server.getsockname()[1]}/"
    source = HttpFiles(SourceSettings(allow=(place,)), QUICK)
    with pytest.raises(IngestError, match=r"HNS-F005(.|\n)*it was tried 3 times"):
        source.fetch(parse_url(place), str(tmp_path / "part"))


@pytest.mark.parametrize(
    "answer", [b"\x00\x01\x02", b"HTTP/9.9 nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500]
)
def test_what_is_no_http_is_an_error_with_a_code(tmp_path: Path, answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        place = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        source = HttpFiles(SourceSettings(allow=(place,)), Patience(attempts=1, silence=2))
        with refused(FETCH_FAILED):
            source.fetch(parse_url(place), str(tmp_path / "part"))
        thread.join(10)


# Sizes


def test_a_length_beyond_the_limit_is_not_begun(web: WebServer, get: Get) -> None:
    web.answer("/a.csv", lambda _: Reply(200, (b"x",), length=10**15))
    with refused(REMOTE_TOO_LARGE):
        get("/a.csv")


def test_chunks_beyond_the_limit_end_there(web: WebServer, get: Get) -> None:
    def endless(_: Request) -> Reply:
        piece = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        return Reply(200, (piece for _ in range(10_000)), length=-1, headers={"Transfer-Encoding": "chunked"})

    web.answer("/a.csv", endless)
    with refused(REMOTE_TOO_LARGE):
        get("/a.csv", driver(web, max_bytes=1_000_000))
    assert get.target.stat().st_size <= 3_000_000


def test_what_comes_packed_is_unpacked(web: WebServer, get: Get) -> None:
    two = gzip.compress(b"a\n") + gzip.compress(b"1\n")
    packed = {"Content-Encoding": "gzip"}
    web.answer("/a.csv", lambda _: Reply(200, (two,), headers=packed))
    assert get("/a.csv") is not None
    assert get.target.read_bytes() == b"a\n1\n"
    web.answer("/a.csv.gz", lambda _: Reply(200, (two,), headers=packed))
    assert get("/a.csv.gz") is not None
    assert get.target.read_bytes() == two


def test_a_bomb_of_gzip_goes_no_further_than_the_limit(web: WebServer, get: Get) -> None:
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join([bomb.compress(bytes(1 << 20)) for _ in range(200)]) + bomb.flush()
    assert len(body) < 1_000_000
    web.answer("/a.csv", lambda _: Reply(200, (body,), headers={"Content-Encoding": "gzip"}))
    with refused(REMOTE_TOO_LARGE):
        get("/a.csv", driver(web, max_bytes=10_000_000))
    assert get.target.stat().st_size <= 12_000_000


@pytest.mark.parametrize(
    "body",
    [b"no gzip", gzip.compress(b"a\n1\n" * 1000)[:-5], gzip.compress(b"1") + b"rubbish"],
    ids=["none", "cut", "rubbish"],
)
def test_packing_that_is_broken_is_not_taken(web: WebServer, get: Get, body: bytes) -> None:
    web.answer("/a.csv", lambda _: Reply(200, (body,), headers={"Content-Encoding": "gzip"}))
    with refused(FETCH_INCOMPLETE):
        get("/a.csv")


def test_packing_that_was_not_asked_for_is_refused(web: WebServer, get: Get) -> None:
    web.answer("/a.csv", lambda _: Reply(200, (b"x",), headers={"Content-Encoding": "br"}))
    with refused(FETCH_FAILED):
        get("/a.csv")
    assert web.requests[-1].headers["accept-encoding"] == "identity"


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_where_it_may_be_read(web: WebServer, get: Get, status: int) -> None:
    web.put("/there.csv", b"1")
    web.answer("/a.csv", lambda _: Reply(status, headers={"Location": "there.csv"}))
    assert get("/a.csv") is not None
    assert get.target.read_bytes() == b"1"


def test_a_circle_of_redirects_ends(web: WebServer, get: Get) -> None:
    web.answer("/a.csv", lambda _: Reply(302, headers={"Location": "/b.csv"}))
    web.answer("/b.csv", lambda _: Reply(302, headers={"Location": "/a.csv"}))
    with refused(REDIRECT_REFUSED):
        get("/a.csv")
    assert len(web.requests) == 6


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:1/",
        "file:///etc/passwd",
        "http://user:pw@127.0.0.1/",
        "s3://bucket/x",
        "",
        "/in/../../secret",
        "/in/%2e%2e/secret",
        "//localhost/",
    ],
)
def test_a_redirect_to_elsewhere_is_refused(web: WebServer, tmp_path: Path, location: str) -> None:
    web.answer("/in/a.csv", lambda _: Reply(302, headers={"Location": location}))
    web.put("/secret", b"secret")
    source = HttpFiles(SourceSettings(allow=(web.url("/in/"),)), QUICK)
    with refused(REDIRECT_REFUSED):
        source.fetch(parse_url(web.url("/in/a.csv")), str(tmp_path / "part"))
    assert len(web.requests) == 1


def test_headers_stay_with_the_server_that_they_are_for(web: WebServer, get: Get) -> None:
    with WebServer() as other:
        other.put("/a.csv", b"1")
        web.answer("/a.csv", lambda _: Reply(302, headers={"Location": other.url("/a.csv")}))
        source = HttpFiles(SourceSettings(allow=(web.url("/"), other.url("/"))), QUICK)
        assert get("/a.csv", source, headers={"Authorization": SECRET}) is not None
        assert web.requests[-1].headers["authorization"] == SECRET
        assert "authorization" not in other.requests[-1].headers


# Where hosts lie


@pytest.mark.parametrize(
    "host",
    [
        "localhost.",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "10.0.0.1",
        "[fd00::1]",
        "[64:ff9b::7f00:1]",
    ],
)
def test_this_machine_and_private_networks_are_closed(host: str, tmp_path: Path) -> None:
    # What is allowed is a name, as whoever runs the mesh would write it; where it leads is judged apart.
    settings = SourceSettings(allow=("http://data.example.org/",))
    url = parse_url(f"http://{host}:9/")
    try:
        found = socket.getaddrinfo(url.host, 9, type=socket.SOCK_STREAM)
    except OSError:
        return  # this machine does not even take it for a host
    assert not any(settings.permits_address(url, ipaddress.ip_address(str(f[4][0]))) for f in found)
    with refused(PRIVATE_ADDRESS):
        HttpFiles(settings, QUICK).fetch(url, str(tmp_path / "part"))


def test_a_name_that_leads_here_is_refused_and_never_connected_to(
    web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["127.0.0.1", "93.184.216.34"])
    asked = []

    def rebinding(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    place = f"http://data.example.org:{web.port}/"
    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with refused(PRIVATE_ADDRESS):
        HttpFiles(SourceSettings(allow=(place,)), QUICK).fetch(parse_url(place), str(tmp_path / "part"))
    assert asked == ["data.example.org"]
    assert web.requests == []


def test_what_was_judged_is_what_is_connected_to(
    web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is asked once: another answer to a second question would change nothing."""
    asked = []
    real = socket.getaddrinfo

    def once(host: str, port: int, *rest: object, **more: object) -> object:
        asked.append(host)
        return real("127.0.0.1" if host == "data.example.org" else host, port, *rest, **more)  # type: ignore[arg-type]

    place = f"http://data.example.org:{web.port}/"
    web.put("/a.csv", b"1")
    monkeypatch.setattr(socket, "getaddrinfo", once)
    settings = SourceSettings(allow=(place,), networks=("127.0.0.0/8",))
    assert HttpFiles(settings, QUICK).fetch(parse_url(place + "a.csv"), str(tmp_path / "part")) is not None
    assert asked == ["data.example.org", "127.0.0.1"]
    assert web.requests[-1].headers["host"] == f"data.example.org:{web.port}"


def test_a_web_server_cannot_list(web: WebServer) -> None:
    with refused(CANNOT_LIST):
        driver(web).find(parse_url(web.url("/in-*.csv")))


# Secrets


def test_no_error_tells_a_secret(web: WebServer, get: Get) -> None:
    replies = [Reply(403), Reply(404), Reply(302, headers={"Location": f"http://x.example/?sig={SECRET}"}), Reply(500)]
    web.once("/a.csv", *replies, Reply(500), Reply(500))
    for _ in range(4):
        with pytest.raises(IngestError) as raised:
            get(f"/a.csv?X-Amz-Signature={SECRET}", headers={"Authorization": f"Bearer {SECRET}"})
        assert SECRET not in str(raised.value)
        assert raised.value.__cause__ is None
    with pytest.raises(IngestError) as raised:
        get("/a.csv", headers={"Authorization": f"{SECRET}\r\nX: y"})
    assert SECRET not in str(raised.value)
