"""The opened mesh: what the doors rely on."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hanse
from hanse.app import Mesh
from hanse.base import HanseError, Problems, QueryError
from hanse.testing.meshes import MeshFolder


@pytest.fixture
def folder(tmp_path: Path) -> MeshFolder:
    folder = MeshFolder(tmp_path / "mesh")
    folder.product("a.b", {"t": {"n": "integer"}}, data={"t.csv": "n\n1\n2\n"})
    return folder


@pytest.fixture
def mesh(folder: MeshFolder) -> Iterator[Mesh]:
    with hanse.open_mesh(folder.root) as mesh:
        yield mesh


def code_of(call: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(HanseError) as caught:
        call(*arguments, **options)
    return caught.value.code.id


def test_every_document_is_json(mesh: Mesh) -> None:
    documents = [mesh.check(), mesh.plan(), mesh.apply(), mesh.run(), mesh.plan(), mesh.list_products()]
    documents += [mesh.show("a.b"), mesh.runs(), mesh.run_details("last"), mesh.releases(), mesh.events()]
    documents += [mesh.verify_events(), mesh.doctor()]
    for document in documents:
        assert json.loads(json.dumps(document)) == document


def test_apply_asks_once_and_only_if_there_is_something_to_do(mesh: Mesh) -> None:
    asked: list[Any] = []

    def no(plan: dict[str, Any]) -> bool:
        asked.append(plan)
        return False

    assert mesh.apply(confirm=no)["applied"] is False
    assert mesh.list_products()["products"] == []
    assert len(asked) == 1
    assert asked[0]["verdict"] == "changes"
    heard: list[tuple[str, int, int]] = []
    document = mesh.apply(listener=lambda phase, _name, done, total: heard.append((phase, done, total)))
    assert document["steps"] == len(heard) == 3
    assert {(phase, total) for phase, _, total in heard} == {("apply", 3)}
    assert mesh.apply(confirm=no) == {"applied": True, "steps": 0, "plan": document["plan"] | mesh.plan()}
    assert len(asked) == 1


def test_a_run_reports_progress(mesh: Mesh) -> None:
    mesh.apply()
    heard = []
    mesh.run(listener=lambda phase, name, _done, _total: heard.append((phase, name)))
    assert ("run", "a.b") in heard
    assert {phase for phase, _ in heard} == {"run", "stage", "check"}


def test_errors_of_one_product_stop_no_other(folder: MeshFolder, mesh: Mesh) -> None:
    folder.product("c.broken", {"t": {"n": "integer"}}, transforms={"t": "SELEC 1"})
    assert mesh.check()["errors"] == 1
    assert mesh.apply(["a.b"])["applied"] is True
    assert mesh.run(["a.b"])["succeeded"] == 1
    with pytest.raises(Problems):
        mesh.apply()


@pytest.mark.parametrize(
    ("address", "code"), [("a.c", "HNS-A001"), ("a", "HNS-N002"), ("A.B", "HNS-N001"), ("", "HNS-N002")]
)
def test_wrong_products_have_codes(mesh: Mesh, address: str, code: str) -> None:
    assert code_of(mesh.plan, [address]) == code
    assert code_of(mesh.run, [address]) == code


def test_a_run_is_found_by_its_beginning_and_by_its_end(mesh: Mesh) -> None:
    assert code_of(mesh.run_details, "last") == "HNS-K002"
    mesh.apply()
    mesh.run()
    mesh.run()
    runs = mesh.runs()["runs"]
    assert [r["status"] for r in runs] == ["unchanged", "succeeded"]
    assert mesh.run_details("last")["id"] == runs[0]["id"]
    assert mesh.run_details(runs[1]["id"][-8:])["id"] == runs[1]["id"]
    # Both ids begin alike: they are of one moment.
    assert code_of(mesh.run_details, runs[0]["id"][:2]) == "HNS-K002"
    assert mesh.runs(limit=1)["runs"] == runs[:1]


def test_two_meshes_are_open_at_once(tmp_path: Path, mesh: Mesh) -> None:
    other = MeshFolder(tmp_path / "other", name="other")
    other.product("a.b", {"t": {"n": "integer"}}, data={"t.csv": "n\n7\n"})
    with hanse.open_mesh(other.root) as second:
        for one in (mesh, second):
            one.apply()
            one.run()
        answers = [m.query("SELECT sum(n)::BIGINT AS n FROM a.b.t").to_arrow().to_pylist() for m in (mesh, second)]
    assert answers == [[{"n": 3}], [{"n": 7}]]


def test_several_threads_use_one_mesh(mesh: Mesh) -> None:
    mesh.apply()
    mesh.run()
    answers: list[Any] = []

    def ask() -> None:
        with mesh.query("SELECT count(*) AS n FROM a.b.t") as result:
            answers.append(result.to_arrow().to_pylist())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [[{"n": 2}]] * 4


def test_an_unknown_driver_is_refused(folder: MeshFolder) -> None:
    folder.write("mesh.yaml", {"apiVersion": "hanse/v1", "kind": "Mesh", "name": "m", "engine": {"driver": "abacus"}})

    def use() -> None:
        with hanse.open_mesh(folder.root) as mesh:
            mesh.apply()
            mesh.run()

    with pytest.raises(HanseError, match="duckdb"):
        use()


def test_doctor_finds_what_is_missing(folder: MeshFolder, mesh: Mesh) -> None:
    mesh.apply()
    unreleased = [f for f in mesh.doctor()["findings"] if f["name"] == "releases"]
    (finding,) = unreleased
    assert (finding["status"], finding["detail"]) == ("warning", "a.b has no release yet")
    assert finding["fix"] == "`hanse run a.b`"
    mesh.run()
    assert mesh.doctor()["healthy"] is True
    next((folder.root / ".hanse/warehouse").rglob("*.parquet")).unlink()
    document = mesh.doctor()
    assert document["healthy"] is False
    assert [f["name"] for f in document["findings"] if f["status"] == "problem"] == ["tables"]


def test_closing_twice_is_harmless(mesh: Mesh) -> None:
    mesh.apply()
    mesh.close()
    mesh.close()
    assert mesh.list_products()["products"][0]["product"] == "a.b"


def test_doctor_tells_the_same_problem_once(folder: MeshFolder) -> None:
    folder.write(".hanse/registry.db", "junk")
    with hanse.open_mesh(folder.root) as mesh:
        findings = {f["name"]: f["detail"] for f in mesh.doctor()["findings"]}
    assert "is not a database" in findings["registry"]
    assert findings["events"] == findings["runs"] == "not looked at: see registry"


def test_comments_build_nothing_anew(folder: MeshFolder, mesh: Mesh) -> None:
    transform = folder.write("domains/a/b/transforms/t.sql", "SELECT n FROM t_raw")
    (folder.root / "domains/a/b/data/t.csv").rename(folder.root / "domains/a/b/data/t_raw.csv")
    mesh.apply()
    assert mesh.run()["runs"][0]["built"]
    transform.write_text(f"-- why it is so\n{transform.read_text()} -- and no other way\n")
    mesh.apply()
    run = mesh.run()["runs"][0]
    assert (run["status"], run["built"]) == ("succeeded", [])


def test_a_product_that_was_never_applied_is_told_so(folder: MeshFolder, mesh: Mesh) -> None:
    error = mesh.run()["runs"][0]["error"]
    assert (error["code"], error["what"]) == ("HNS-L010", "a.b was never applied")
    (finding,) = [f for f in mesh.doctor()["findings"] if f["name"] == "releases"]
    assert (finding["detail"], finding["fix"]) == ("a.b was never applied", "`hanse apply a.b`, then `hanse run a.b`")
    with pytest.raises(QueryError, match="HNS-Q103") as caught:
        mesh.query("FROM a.b.t")
    assert (caught.value.problem.what, caught.value.problem.fix) == (finding["detail"], finding["fix"])
    with pytest.raises(QueryError, match="HNS-Q101"):
        mesh.query("FROM a.c.t")
    mesh.apply()
    folder.contract("a.b", {"t": {"n": "integer"}}, description="For other tests.")
    assert "not what was last applied" in mesh.run()["runs"][0]["error"]["what"]


def test_a_lost_file_and_a_lost_registry_say_what_helps(folder: MeshFolder, mesh: Mesh) -> None:
    mesh.apply()
    mesh.run()
    for file in folder.root.glob(".hanse/warehouse/a/b/t/data/*.parquet"):
        file.unlink()
    with pytest.raises(QueryError, match="hanse doctor"):
        mesh.query("FROM a.b.t").to_arrow()
    mesh.close()
    (folder.root / ".hanse/registry.db").write_bytes(b"garbage" * 1000)
    with pytest.raises(HanseError, match="restore it from a backup"), hanse.open_mesh(folder.root) as broken:
        broken.releases("a.b")


def test_a_value_that_cannot_be_converted_is_told_without_itself(mesh: Mesh) -> None:
    mesh.apply()
    with pytest.raises(HanseError) as caught, mesh.query("SELECT CAST('secret' AS INTEGER) AS n") as result:
        result.to_arrow()
    problem = caught.value.problem
    assert problem.code.id == "HNS-E004"
    assert "secret" not in str(problem)
    assert "TRY_CAST" in str(problem.fix)


def test_a_product_that_cannot_be_read_is_not_passed_over(folder: MeshFolder, mesh: Mesh) -> None:
    folder.product("a.whole", {"u": {"n": "integer"}}, data={"u.csv": "n\n1\n"})
    mesh.apply()
    folder.write("domains/a/b/product.yaml", "no: product\n")
    runs = {run["product"]: run for run in mesh.run()["runs"]}
    assert {product: run["status"] for product, run in runs.items()} == {"a.b": "refused", "a.whole": "succeeded"}
    assert runs["a.b"]["error"]["code"].startswith("HNS-S")
    assert mesh.run(["a.whole"])["unchanged"] == 1
