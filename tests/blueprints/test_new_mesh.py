from pathlib import Path

import pytest

from hanse.base import BlueprintError, HanseError
from hanse.blueprints import init


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_new_folder_becomes_a_mesh_named_after_it(tmp_path: Path) -> None:
    written = init(tmp_path / "Retail-Mesh")
    folder = tmp_path / "Retail-Mesh"
    assert set(written["written"]) == set(everything(folder))
    assert {"mesh.yaml", ".gitignore", "README.md", "domains/sales/orders/product.yaml"} <= set(written["written"])
    assert "name: retail_mesh\n" in (folder / "mesh.yaml").read_text()
    assert (folder / "README.md").read_text().startswith("# retail_mesh\n")
    assert ".hanse/" in (folder / ".gitignore").read_text()
    assert written["folder"] == str(folder)


def test_a_name_can_be_given_and_must_be_legal(tmp_path: Path) -> None:
    init(tmp_path / "a", name="north")
    assert "name: north\n" in (tmp_path / "a" / "mesh.yaml").read_text()
    with pytest.raises(HanseError, match="HNS-N001") as caught:
        init(tmp_path / "b", name="North Sea")
    assert caught.value.problem.fix == "try `north_sea`"
    assert not (tmp_path / "b").exists()


def test_a_mesh_is_left_alone(tmp_path: Path) -> None:
    init(tmp_path)
    before = everything(tmp_path)
    with pytest.raises(BlueprintError, match="HNS-B002"):
        init(tmp_path)
    assert everything(tmp_path) == before


def test_own_readme_and_gitignore_are_kept(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / ".gitignore").write_text("*.log\n")
    written = init(tmp_path)
    assert written["kept"] == [".gitignore", "README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"
    assert (tmp_path / "mesh.yaml").exists()


def test_a_file_in_the_way_stops_everything(tmp_path: Path) -> None:
    mine = tmp_path / "domains" / "sales" / "domain.yaml"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(BlueprintError, match="HNS-B003") as caught:
        init(tmp_path)
    assert "domains/sales/domain.yaml" in caught.value.problem.what
    assert everything(tmp_path) == {"domains/sales/domain.yaml": b"mine"}


def test_a_dangling_link_is_somebodys_file(tmp_path: Path) -> None:
    (tmp_path / "domains" / "sales").mkdir(parents=True)
    (tmp_path / "domains" / "sales" / "domain.yaml").symlink_to("nowhere")
    with pytest.raises(BlueprintError, match="HNS-B003"):
        init(tmp_path)
    assert (tmp_path / "domains" / "sales" / "domain.yaml").is_symlink()


def test_what_was_cut_short_is_completed(tmp_path: Path) -> None:
    whole = init(tmp_path)
    (tmp_path / "mesh.yaml").unlink()
    (tmp_path / "domains" / "sales" / "orders" / "product.yaml").unlink()
    again = init(tmp_path)
    assert again["written"] == ["domains/sales/orders/product.yaml", "mesh.yaml"]
    assert {*again["written"], *again["unchanged"]} == set(whole["written"])


@pytest.mark.parametrize("in_the_way", ["domains", "."])
def test_a_file_where_a_folder_must_be_is_a_coded_error(tmp_path: Path, in_the_way: str) -> None:
    target = tmp_path / "mesh"
    blocking = target / in_the_way if in_the_way != "." else target
    blocking.parent.mkdir(parents=True, exist_ok=True)
    blocking.write_text("a file")
    with pytest.raises(BlueprintError, match="HNS-B006"):
        init(target)
    assert blocking.read_text() == "a file"


def test_no_half_written_files_stay(tmp_path: Path) -> None:
    init(tmp_path)
    assert not list(tmp_path.rglob(".part-*"))


def test_the_next_commands_start_where_the_user_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert init("my mesh")["next"][:2] == ["cd 'my mesh'", "hanse check"]
    assert init(".", name="here")["next"][0] == "hanse check"


def test_no_mesh_is_made_inside_another(tmp_path: Path) -> None:
    init(tmp_path / "outer")
    with pytest.raises(HanseError, match="HNS-B012"):
        init(tmp_path / "outer" / "domains" / "inner")
    assert not (tmp_path / "outer" / "domains" / "inner").exists()
