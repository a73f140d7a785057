"""Opening: what is created, what is refused with which code, and what it costs."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from hanse.base import RegistryError
from hanse.registry import Registry, codes
from hanse.registry.failures import mapped


def _url(path: Path) -> str:
    return f"sqlite:///{path}"


def _refused(url: str, **options: Any) -> RegistryError:
    with pytest.raises(RegistryError) as caught:
        Registry.open(url, **options)
    return caught.value


def test_a_new_registry_is_private_to_its_user(path: Path) -> None:
    previous = os.umask(0)
    try:
        with Registry.open(_url(path)) as registry, registry.write() as writer:
            writer.append_event("test", "s", {})
            found = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
    finally:
        os.umask(previous)
    assert set(found) == {"registry.db", "registry.db-wal", "registry.db-shm"}
    assert set(found.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_it_is_durable_and_readers_do_not_wait(path: Path) -> None:
    with Registry.open(_url(path)) as registry, registry._database.writing() as connection:
        asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        assert [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked] == ["wal", 2, 1, 10_000]


def test_relative_paths_start_at_the_root(tmp_path: Path) -> None:
    Registry.open("sqlite:///.hanse/a.db", root=tmp_path).close()
    Registry.open("sqlite:///.hanse/b.db", root=str(tmp_path)).close()
    assert sorted(p.name for p in (tmp_path / ".hanse").iterdir()) == ["a.db", "b.db"]


@pytest.mark.parametrize("name", ["with space.db", "per%20cent.db", "quest?ion.db", "ha#sh.db", "ümlaut.db"])
def test_any_file_name_works(tmp_path: Path, name: str) -> None:
    for create in (True, False):
        Registry.open("sqlite:///" + quote(name), root=tmp_path, create=create).close()
    assert {p.name.removesuffix("-wal").removesuffix("-shm") for p in tmp_path.iterdir()} == {name}


def test_what_was_written_is_there_when_opened_again(path: Path, make: Any) -> None:
    with Registry.open(_url(path)) as registry, registry.write() as writer:
        writer.put_product(make.product())
    with Registry.open(_url(path), create=False) as registry:
        assert registry.reader().product(make.name) == make.product()


def test_a_registry_in_memory_behaves_like_any_other_and_leaves_nothing(make: Any) -> None:
    with Registry.open("sqlite://") as one, Registry.open("sqlite:///:memory:") as other:
        with one.write() as writer:
            writer.put_product(make.product())
            assert not one.reader().digests()
        assert one.reader().digests() == {make.name: "d1"}
        assert not other.reader().digests()
        folder = one._database.path.parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    del one
    assert not folder.exists()


def test_a_missing_registry_is_not_made_unless_asked(path: Path) -> None:
    assert _refused(_url(path), create=False).code is codes.REGISTRY_MISSING
    assert not path.parent.exists()
    path.parent.mkdir()
    path.touch()
    assert _refused(_url(path), create=False).code is codes.REGISTRY_MISSING
    Registry.open(_url(path)).close()  # an empty file is what a killed creation leaves behind
    Registry.open(_url(path), create=False).close()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    error = _refused(_url(tmp_path / "no" / "such" / "folder.db"))
    assert error.code is codes.CANNOT_OPEN
    assert "no/such" in str(error)
    assert not (tmp_path / "no").exists()


def test_a_folder_or_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    assert _refused(_url(tmp_path / "folder")).code is codes.CANNOT_OPEN
    assert _refused(_url(tmp_path / "file" / "registry.db")).code is codes.CANNOT_OPEN


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    text = "this is no database, but long enough to be looked at\n" * 50
    (tmp_path / "notes.txt").write_text(text)
    assert _refused(_url(tmp_path / "notes.txt")).code is codes.NOT_A_REGISTRY
    assert (tmp_path / "notes.txt").read_text() == text


def test_a_database_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE product (id INTEGER)")
    connection.close()
    error = _refused(_url(path))
    assert error.code is codes.NOT_A_REGISTRY
    assert "product" in str(error)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("product",)]
    connection.close()


def test_a_database_with_other_tables_may_be_shared(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "shared.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE iceberg_tables (id INTEGER)")
    connection.close()
    with Registry.open(_url(path)) as registry, registry.write() as writer:
        writer.put_product(make.product())


def test_a_cut_off_file_is_damaged(path: Path, make: Any) -> None:
    with Registry.open(_url(path)) as registry, registry.write() as writer:
        writer.put_product(make.product())
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(RegistryError) as caught, Registry.open(_url(path)) as registry:
        registry.reader().products()
    assert caught.value.code is codes.CORRUPT


def test_an_unreadable_record_is_damage_too(registry: Registry, path: Path, make: Any) -> None:
    with registry.write() as writer:
        writer.put_product(make.product())
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE product SET document = 'no JSON'")
    connection.close()
    with pytest.raises(RegistryError) as caught:
        registry.reader().product(make.name)
    assert caught.value.code is codes.CORRUPT


def test_a_lock_that_stays_has_a_code_and_readers_go_on(path: Path, make: Any) -> None:
    with Registry.open(_url(path), busy_seconds=0.05) as registry:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(RegistryError) as caught, registry.write():
            pytest.fail("the block must not run")
        assert caught.value.code is codes.LOCKED
        assert not registry.reader().digests()
        holder.execute("ROLLBACK")
        holder.close()
        with registry.write() as writer:
            writer.put_product(make.product())


def test_a_creation_that_is_locked_out_has_a_code(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    assert _refused(_url(path), busy_seconds=0.05).code is codes.LOCKED
    holder.close()


def test_a_read_only_database_has_a_code(path: Path) -> None:
    Registry.open(_url(path)).close()
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    with pytest.raises(RegistryError) as caught, mapped("x"):
        connection.execute("DELETE FROM event")
    connection.close()
    assert caught.value.code is codes.NOT_WRITABLE


def test_a_full_disk_has_a_code(path: Path, make: Any) -> None:
    with Registry.open(_url(path)) as registry:
        with registry.write() as writer:
            writer.put_product(make.product())
            pages = writer._connection.exec_driver_sql("PRAGMA page_count").scalar()  # type: ignore[union-attr]
            writer._connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")  # type: ignore[union-attr]
        with pytest.raises(RegistryError) as caught, registry.write() as writer:
            writer.append_event("test", "s", {"long": "x" * 100_000})
        assert caught.value.code is codes.STORAGE_FAILED
        assert registry.reader().digests() == {make.name: "d1"}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", codes.UNSUPPORTED_URL),
        ("just words with s3cret", codes.UNSUPPORTED_URL),
        ("postgresql://user:s3cret@localhost/hanse?sslpassword=s3cret", codes.UNSUPPORTED_URL),
        ("nosuch+driver://user:s3cret@localhost/hanse", codes.UNSUPPORTED_URL),
        ("sqlite://user:s3cret@localhost/registry.db", codes.UNSUPPORTED_URL),
        ("sqlite:///registry.db?key=s3cret", codes.UNSUPPORTED_URL),
        ("sqlite:////no/such/folder/registry.db", codes.CANNOT_OPEN),
        ("postgresql://user:s3cret@localhost:port/hanse", codes.UNSUPPORTED_URL),
    ],
)
def test_unusable_addresses_are_refused_without_their_secrets(url: str, code: Any, tmp_path: Path) -> None:
    error = _refused(url, root=tmp_path)
    assert error.code is code
    chain: BaseException | None = error
    while chain is not None:
        assert "s3cret" not in repr(chain)
        chain = chain.__cause__ or chain.__context__


def test_closing_twice_is_harmless_and_then_it_is_closed(path: Path) -> None:
    registry = Registry.open(_url(path))
    reader = registry.reader()
    registry.close()
    registry.close()
    with pytest.raises(RuntimeError, match="was closed"):
        reader.digests()
    with pytest.raises(RuntimeError, match="was closed"), registry.write():
        pass


def test_opening_an_existing_registry_is_quick(path: Path) -> None:
    Registry.open(_url(path)).close()
    seconds = []
    for _ in range(7):
        began = time.thread_time()
        Registry.open(_url(path)).close()
        seconds.append(time.thread_time() - began)
    assert min(seconds) < 0.015


def _modules(program: str, *arguments: str) -> set[str]:
    """Return what a fresh interpreter has imported after a program."""
    command = [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)", *arguments]
    return set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


def test_records_cost_nothing_heavy() -> None:
    loaded = _modules("from hanse.registry import Run, AppliedProduct, CheckResult")
    assert not loaded & {"sqlalchemy", "alembic", "pydantic", "pyarrow", "duckdb", "sqlglot"}


def test_creating_opening_reading_and_writing_need_neither_alembic_nor_the_orm(path: Path) -> None:
    program = (
        "import sys\n"
        "from hanse.registry import Registry, verify_events\n"
        "for _ in range(2):\n"
        "    with Registry.open(sys.argv[1]) as registry:\n"
        "        with registry.write() as writer: writer.append_event('t', 's', {})\n"
        "        assert verify_events(registry.reader()).ok\n"
    )
    loaded = _modules(program, _url(path))
    assert "sqlalchemy" in loaded
    assert not loaded & {"alembic", "sqlalchemy.orm", "pydantic", "pyarrow", "duckdb", "sqlglot"}


def test_a_public_name_is_what_it_says() -> None:
    import hanse.registry as room

    assert sorted(room.__all__) == room.__all__
    for name in room.__all__:
        assert getattr(room, name).__name__ == name
    with pytest.raises(AttributeError):
        room.nothing  # noqa: B018 - the access is the test
