from dataclasses import replace

import pytest

from hanse.base import ProductName, Severity
from hanse.spec import FileInput, InputPort, TableSettings

from .conftest import Folder

ORDERS = ProductName("sales", "orders")
FILE = "domains/sales/orders/pipeline.yaml"
HEAD = "apiVersion: hanse/v1\nkind: Pipeline\n"


def files(folder: Folder, environ: dict[str, str] | None = None) -> tuple[FileInput, ...]:
    return folder.load(environ).product(ORDERS).pipeline.files


def test_without_a_pipeline_files_in_data_are_inputs(folder: Folder) -> None:
    for name in ("a.csv", "b.csv.gz", "c.csv.zip", "d.parquet", "README.md", ".hidden.csv", "sub/e.csv"):
        folder.orders(f"data/{name}", "x")
    found = {f.name: (f.path, f.format, f.compression) for f in files(folder)}
    assert found == {
        "a": ("data/a.csv", "csv", "none"),
        "b": ("data/b.csv.gz", "csv", "gzip"),
        "c": ("data/c.csv.zip", "csv", "zip"),
        "d": ("data/d.parquet", "parquet", "none"),
    }
    assert folder.problems() == ()


def test_a_file_in_data_without_a_legal_name_is_a_warning(folder: Folder) -> None:
    folder.orders("data/Flights 2013.csv", "x")
    problem = folder.only()
    assert (problem.code.id, problem.severity) == ("HNS-S028", Severity.WARNING)
    assert problem.fix == "rename it to `flights_2013.csv`, or name it in `pipeline.yaml`"
    assert files(folder) == ()


def test_two_files_in_data_of_one_name(folder: Folder) -> None:
    folder.orders("data/a.csv", "x")
    folder.orders("data/a.parquet", "x")
    assert folder.only().code.id == "HNS-S020"


def test_everything_that_a_pipeline_says(folder: Folder) -> None:
    folder.product("other.things")
    folder.orders("in/a.dat", "x")
    folder.orders(
        "pipeline.yaml",
        HEAD
        + """\
inputs:
  raw:
    file: in/a.dat
    format: csv
    compression: gzip
    columns: {id: BIGINT, at: TIMESTAMP}
    csv: {delimiter: ;, quote: "'", header: false, encoding: latin-1, null_values: [NA, '']}
  things: {port: other.things.things, major: 1}
tables:
  orders: {materialize: replace}
""",
    )
    workspace = folder.load()
    assert workspace.problems == ()
    pipeline = workspace.product(ORDERS).pipeline
    raw = pipeline.files[0]
    assert (raw.name, raw.path, raw.format, raw.compression) == ("raw", "in/a.dat", "csv", "gzip")
    assert raw.columns == {"id": "BIGINT", "at": "TIMESTAMP"}
    assert (raw.delimiter, raw.quote, raw.header, raw.encoding) == (";", "'", False, "latin-1")
    assert raw.null_values == ("NA", "")
    assert str(raw.where) == f"{FILE}:4:3"
    port = pipeline.ports[0]
    assert (port.name, port.port, port.major) == ("things", "other.things.things", 1)
    assert {n: replace(t, where=None) for n, t in pipeline.tables.items()} == {"orders": TableSettings("replace")}
    assert pipeline.path == FILE
    assert workspace.resolve_inputs(ORDERS)[0].tables == ("things",)


def test_a_pipeline_without_inputs_reads_data(folder: Folder) -> None:
    folder.orders("data/a.csv", "x")
    folder.orders("pipeline.yaml", HEAD + "tables: {orders: {}}\n")
    assert [f.name for f in files(folder)] == ["a"]


def test_a_pipeline_with_empty_inputs_reads_nothing(folder: Folder) -> None:
    folder.orders("data/a.csv", "x")
    folder.orders("pipeline.yaml", HEAD + "inputs: {}\n")
    assert files(folder) == ()


def test_the_pipelines_port_wins_over_the_descriptors(folder: Folder) -> None:
    folder.product("other.things")
    folder.product("sales.orders", inputs="inputPorts: [{name: things, contractId: nowhere}]\n")
    folder.orders("pipeline.yaml", HEAD + "inputs: {things: {port: other.things.things}}\n")
    workspace = folder.load()
    assert workspace.problems == ()
    assert workspace.product(ORDERS).input_ports == (
        InputPort("things", port="other.things.things", where=workspace.product(ORDERS).pipeline.ports[0].where),
    )


@pytest.mark.parametrize(
    ("body", "code", "place", "fix"),
    [
        ("inputs: {raw: {fil: a.csv}}", "HNS-S012", "3:15", "write exactly one of them"),
        ("inputs: {raw: {file: data/x.csv, port: a.b.c}}", "HNS-S012", "3:15", "write exactly one of them"),
        ("inputs: {raw: {file: data/x.csv, forma: csv}}", "HNS-S011", "3:34", "did you mean `format`?"),
        ("inputs: {raw: {file: data/x.csv, csv: {delim: x}}}", "HNS-S011", "3:40", "did you mean `delimiter`?"),
        ("inputs: {raw: {file: ''}}", "HNS-S014", "3:22", None),
        ("inputs: {raw: {file: data/x.dat}}", "HNS-S012", "3:22", "add `format: csv`"),
        ("inputs: {raw: {file: data/x.csv, format: xml}}", "HNS-S014", "3:42", None),
        ("inputs: {raw: {file: data/x.parquet, csv: {header: true}}}", "HNS-S014", "3:43", "remove `csv`"),
        ("inputs: {raw: {file: data/x.parquet.gz}}", "HNS-S014", "3:10", None),
        ("inputs: {raw: data/x.csv}", "HNS-S013", "3:15", None),
        ("inputs: [data/x.csv]", "HNS-S013", "3:9", None),
        ("inputs: {Raw: {file: data/x.csv}}", "HNS-N001", "3:10", "call it `raw`"),
        ("inputs: {raw_v2: {file: data/x.csv}}", "HNS-N001", "3:10", "call it `raw`"),
        ("inputs: {p: {port: other.things}}", "HNS-S014", "3:20", None),
        ("inputs: {p: {port: Other.things.things}}", "HNS-N001", "3:20", None),
        ("inputs: {p: {port: other.things.things, major: 0}}", "HNS-S014", "3:48", None),
        ("inputs: {p: {port: other.things.things, major: one}}", "HNS-S013", "3:48", None),
        (
            "tables: {orders: {materialize: apend}}",
            "HNS-S014",
            "3:32",
            "write `replace`, `append`, `merge`, `partition` or `snapshot`",
        ),
        ("tables: {orders: {materialize: append, by: [day]}}", "HNS-S037", "3:10", "remove `by`"),
        ("tables: {orders: {materialize: partition}}", "HNS-S037", "3:10", None),
        ("tables: {ordrs: {}}", "HNS-S033", "3:10", "did you mean `orders`?"),
        ("inputz: {}", "HNS-S011", "3:1", "did you mean `inputs`?"),
        ("inputs: {raw: {file: '${NONE}/x.csv'}}", "HNS-S016", "3:22", None),
        ("inputs: {raw: {file: '${/x.csv'}}", "HNS-S017", "3:22", None),
        ("inputs: {a: {file: data/x.csv}, a: {file: data/x.csv}}", "HNS-S005", "3:33", "keep one of them"),
    ],
)
def test_faults(body: str, code: str, place: str, fix: str | None, folder: Folder) -> None:
    folder.product("other.things")
    folder.orders("data/x.csv", "x")
    folder.orders("pipeline.yaml", HEAD + body + "\n")
    problem = folder.only()
    assert (problem.code.id, str(problem.where)) == (code, f"{FILE}:{place}")
    assert fix is None or problem.fix == fix


@pytest.mark.parametrize("line", ["apiVersion: hanse/v2\nkind: Pipeline", "apiVersion: 1\nkind: Pipeline"])
def test_other_versions_are_refused(line: str, folder: Folder) -> None:
    folder.orders("pipeline.yaml", line + "\n")
    assert folder.only().code.id == "HNS-S010"


def test_a_missing_file_is_named_as_written(folder: Folder) -> None:
    folder.orders("pipeline.yaml", HEAD + "inputs:\n  raw: {file: '${PLACE}/secret.csv'}\n  b: {file: b.csv}\n")
    found = folder.problems({"PLACE": "/hidden/by/token"})
    assert [(p.code.id, str(p.where)) for p in found] == [("HNS-S007", f"{FILE}:4:15"), ("HNS-S007", f"{FILE}:5:13")]
    assert "`${PLACE}/secret.csv`" in found[0].what
    assert not any("hidden" in str(p) for p in found)


def test_values_of_variables_decide_types_and_stay_out_of_messages(folder: Folder) -> None:
    folder.product("other.things")
    folder.orders("pipeline.yaml", HEAD + "inputs: {p: {port: other.things.things, major: '${MAJOR}'}}\n")
    assert folder.load({"MAJOR": "1"}).product(ORDERS).pipeline.ports[0].major == 1
    found = folder.only({"MAJOR": "s3cret"})
    assert found.code.id == "HNS-S013"
    assert "s3cret" not in str(found)


def test_absolute_paths_and_variables(folder: Folder) -> None:
    elsewhere = folder.write("elsewhere/a.csv", "x")
    folder.orders("pipeline.yaml", HEAD + "inputs: {raw: {file: '${PLACE:-nowhere}/a.csv'}}\n")
    workspace = folder.load({"PLACE": str(elsewhere.parent)})
    assert workspace.problems == ()
    assert workspace.entries[ORDERS].variables == ("PLACE",)
    assert workspace.product(ORDERS).pipeline.files[0].path == str(elsewhere)


@pytest.mark.parametrize(
    ("csv", "said"),
    [
        ("{thousands: ','}", None),
        ("{decimal: ',', thousands: ','}", "different characters"),
        ("{dates: '%d.%m'}", "must tell the year"),
        ("{dates: '%Q'}", "only the directives"),
        ("{timestamps: '%d.%m.%Y'}", "must tell the hour"),
        ("{bad_rows: -1}", "greater than or equal to 0"),
    ],
)
def test_styles_of_csv_files(folder: Folder, csv: str, said: str | None) -> None:
    folder.orders("data/a.csv", "x")
    folder.orders("pipeline.yaml", HEAD + f"inputs:\n  a: {{file: data/a.csv, csv: {csv}}}\n")
    if said is None:
        assert files(folder)[0].style.thousands == ","
    else:
        problem = folder.only()
        assert said in f"{problem.what} {problem.why} {problem.fix}"
