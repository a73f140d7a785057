import pytest

from hanse.base import Problems, ProductName, Severity, SpecError

from .conftest import CONTRACT, PRODUCT, Folder

ORDERS = ProductName("sales", "orders")
HERE = "domains/sales/orders"


def test_a_complete_product_has_no_problems(folder: Folder) -> None:
    folder.orders("queries/latest.sql", "SELECT 1\n")
    folder.orders("transforms/private_step.sql", "SELECT 2\n")
    workspace = folder.load()
    assert workspace.problems == ()
    product = workspace.product(ORDERS)
    assert [(t.name, t.path, t.text) for t in product.transforms] == [
        ("orders", f"{HERE}/transforms/orders.sql", "SELECT 1 AS order_id, 'a' AS customer\n"),
        ("private_step", f"{HERE}/transforms/private_step.sql", "SELECT 2\n"),
    ]
    assert [q.name for q in product.queries] == ["latest"]
    assert [t.name for _, t in product.tables] == ["orders"]
    assert product.folder == str(folder.root / HERE)
    entry = workspace.entries[ORDERS]
    assert (entry.digest, entry.path) == (product.digest, f"{HERE}/product.yaml")
    assert [(p.name, p.major, p.contract_id, p.tables) for p in entry.outputs] == [
        ("orders", 1, "contract-orders", ("orders",))
    ]


def _remove(folder: Folder, path: str) -> None:
    (folder.root / HERE / path).unlink()


def test_a_missing_descriptor(folder: Folder) -> None:
    _remove(folder, "product.yaml")
    folder.orders("product.yml", PRODUCT)
    found = folder.problems()
    assert [(p.code.id, str(p.where), p.fix) for p in found] == [
        ("HNS-S007", HERE, "write one, or move the folder out of the domain"),
        ("HNS-S028", f"{HERE}/product.yml", "did you mean `product.yaml`?"),
    ]


@pytest.mark.parametrize(
    ("name", "fix"), [("transform", "did you mean `transforms`?"), ("contract", "did you mean `contracts`?")]
)
def test_misspelt_folders_are_noticed(name: str, fix: str, folder: Folder) -> None:
    folder.orders(f"{name}/x.txt", "x")
    problem = folder.only()
    assert (problem.code.id, problem.severity, problem.fix) == ("HNS-S028", Severity.WARNING, fix)


@pytest.mark.parametrize(
    ("path", "code", "severity"),
    [
        ("contracts/notes.txt", "HNS-S028", Severity.WARNING),
        ("transforms/orders.spark", "HNS-S028", Severity.WARNING),
        ("transforms/model.ipynb", "HNS-S028", Severity.WARNING),
        ("transforms/old/x.sql", "HNS-S028", Severity.WARNING),
        ("queries/x.txt", "HNS-S028", Severity.WARNING),
    ],
)
def test_files_without_a_meaning(path: str, code: str, severity: Severity, folder: Folder) -> None:
    folder.orders(path, "x")
    problem = folder.only()
    assert (problem.code.id, problem.severity) == (code, severity)


def test_hidden_files_and_notes_are_left_alone(folder: Folder) -> None:
    for name in ("contracts/.orders.swp", "transforms/README.md", "transforms/orders.sql~", ".DS_Store", "README.md"):
        folder.orders(name, "x")
    assert folder.problems() == ()


def test_sql_must_be_text(folder: Folder) -> None:
    folder.orders("transforms/orders.sql", b"SELECT '\xff'")
    folder.orders("queries/empty.sql", " \n")
    assert [(p.code.id, str(p.where)) for p in folder.problems()] == [
        ("HNS-S003", f"{HERE}/queries/empty.sql:1:1"),
        ("HNS-S002", f"{HERE}/transforms/orders.sql:1:9"),
    ]


def test_a_port_without_its_contract(folder: Folder) -> None:
    folder.orders("product.yaml", PRODUCT.replace("contractId: contract-orders", "contractId: contract-order"))
    found = folder.problems()
    assert [(p.code.id, str(p.where), p.fix) for p in found] == [
        ("HNS-S023", f"{HERE}/contracts/orders.odcs.yaml:1:1", found[0].fix),
        ("HNS-S022", f"{HERE}/product.yaml:10:17", "did you mean `contract-orders`?"),
    ]
    assert ORDERS not in folder.load().entries


def test_descriptors_in_each_others_place(folder: Folder) -> None:
    folder.orders("product.yaml", CONTRACT)
    folder.orders("contracts/orders.odcs.yaml", PRODUCT)
    assert [(p.code.id, str(p.where)) for p in folder.problems()] == [
        ("HNS-S014", f"{HERE}/contracts/orders.odcs.yaml:2:7"),
        ("HNS-S014", f"{HERE}/product.yaml:2:7"),
    ]


def test_a_port_of_another_major(folder: Folder) -> None:
    folder.orders("product.yaml", PRODUCT.replace("    version: 1.0.0", "    version: 2.0.0"))
    found = [p for p in folder.problems() if p.severity is Severity.ERROR]
    assert [(p.code.id, str(p.where)) for p in found] == [("HNS-S022", f"{HERE}/product.yaml:9:14")]
    assert "1.0.0 (orders.odcs.yaml)" in (found[0].why or "")


def test_a_port_without_a_contract_serves_nothing(folder: Folder) -> None:
    folder.orders("product.yaml", PRODUCT.replace("    contractId: contract-orders\n", ""))
    assert [(p.code.id, p.severity) for p in folder.problems()] == [
        ("HNS-S023", Severity.WARNING),
        ("HNS-S022", Severity.WARNING),
    ]
    assert folder.load().product(ORDERS).tables == ()


TWO_PORTS = PRODUCT + "  - {name: orders, version: 2.0.0, contractId: contract-orders}\n"


def test_two_majors_side_by_side(folder: Folder) -> None:
    folder.orders("product.yaml", TWO_PORTS)
    folder.orders("contracts/orders.v2.odcs.yaml", CONTRACT.replace("version: 1.0.0", "version: 2.1.0"))
    workspace = folder.load()
    assert workspace.problems == ()  # v1's transform builds both
    product = workspace.product(ORDERS)
    assert [(p.name, p.major, t.name) for p, t in product.tables] == [("orders", 1, "orders"), ("orders", 2, "orders")]
    folder.orders("transforms/orders_v2.sql", "SELECT 1")
    assert folder.problems() == ()


def test_a_port_without_a_version_must_be_clear(folder: Folder) -> None:
    folder.orders("contracts/orders.v2.odcs.yaml", CONTRACT.replace("version: 1.0.0", "version: 2.1.0"))
    folder.orders("product.yaml", TWO_PORTS.replace("    version: 1.0.0\n", ""))
    found = [p for p in folder.problems() if p.severity is Severity.ERROR]
    assert [(p.code.id, p.fix) for p in found] == [("HNS-S022", "add `version:` to the port")]


def test_two_contracts_of_one_id_and_major(folder: Folder) -> None:
    folder.orders("contracts/orders_again.odcs.yaml", CONTRACT.replace("version: 1.0.0", "version: 1.5.0"))
    found = folder.problems()
    assert [(p.code.id, str(p.where)) for p in found if p.code.id == "HNS-S021"] == [
        ("HNS-S021", f"{HERE}/contracts/orders_again.odcs.yaml:1:1")
    ]


def test_two_ports_of_one_contract(folder: Folder) -> None:
    folder.orders("product.yaml", PRODUCT + "  - {name: again, version: 1.0.0, contractId: contract-orders}\n")
    problem = folder.only()
    assert (problem.code.id, str(problem.where)) == ("HNS-S021", f"{HERE}/product.yaml:11:5")


def test_two_ports_of_one_name(folder: Folder) -> None:
    folder.orders("product.yaml", PRODUCT + "  - {name: orders, version: 1.2.0, contractId: other}\n")
    other = CONTRACT.replace("contract-orders", "other").replace("name: orders", "name: more")
    folder.orders("contracts/other.odcs.yaml", other)
    folder.orders("transforms/more.sql", "SELECT 1")
    assert folder.only().code.id == "HNS-S020"


def test_a_table_of_two_ports(folder: Folder) -> None:
    folder.orders("product.yaml", PRODUCT + "  - {name: again, version: 1.2.0, contractId: other}\n")
    folder.orders("contracts/other.odcs.yaml", CONTRACT.replace("contract-orders", "other"))
    problem = folder.only()
    assert (problem.code.id, str(problem.where)) == ("HNS-S020", f"{HERE}/contracts/other.odcs.yaml:7:5")


@pytest.mark.parametrize("name", ["Orders", "orders__all", "orders_v2", "1st", "o" * 64, "order s"])
def test_illegal_table_names(name: str, folder: Folder) -> None:
    folder.orders("contracts/orders.odcs.yaml", CONTRACT.replace("- name: orders", f"- name: {name}"))
    found = folder.problems()
    assert "HNS-N001" in [p.code.id for p in found]
    problem = next(p for p in found if p.code.id == "HNS-N001")
    assert str(problem.where) == f"{HERE}/contracts/orders.odcs.yaml:7:5"
    assert problem.fix


def test_illegal_port_names(folder: Folder) -> None:
    folder.orders("product.yaml", PRODUCT.replace("- name: orders", "- name: Orders Port"))
    problem = folder.only()
    assert (problem.code.id, problem.fix) == ("HNS-N001", "call it `orders_port`")


def test_an_input_port_of_another_tools_name_is_a_warning(folder: Folder) -> None:
    folder.orders("product.yaml", PRODUCT + "inputPorts:\n  - name: Other Team's port\n")
    problem = folder.only()
    assert (problem.code.id, problem.severity) == ("HNS-S035", Severity.WARNING)


@pytest.mark.parametrize("name", ["Bad-Name", "orders__x", "step_v2", "orders_v1"])
def test_illegal_transform_names(name: str, folder: Folder) -> None:
    folder.orders(f"transforms/{name}.sql", "SELECT 1")
    problem = folder.only()
    assert (problem.code.id, str(problem.where)) == ("HNS-N001", f"{HERE}/transforms/{name}.sql")
    assert problem.fix


def test_a_table_that_nothing_builds(folder: Folder) -> None:
    _remove(folder, "transforms/orders.sql")
    folder.orders("transforms/order.sql", "SELECT 1")
    problem = folder.only()
    assert (problem.code.id, str(problem.where)) == ("HNS-S026", f"{HERE}/contracts/orders.odcs.yaml:7:5")
    assert problem.fix == "add `transforms/orders.sql`, or a file input called `orders` (is `order` meant?)"


def test_a_file_input_builds_its_table(folder: Folder) -> None:
    _remove(folder, "transforms/orders.sql")
    folder.orders("data/orders.csv", "order_id,customer\n1,a\n")
    assert folder.problems() == ()


def test_an_input_called_like_a_transform(folder: Folder) -> None:
    folder.orders("data/orders.csv", "order_id,customer\n1,a\n")
    problem = folder.only()
    assert (problem.code.id, str(problem.where)) == ("HNS-S025", f"{HERE}/data/orders.csv")
    assert problem.fix == "rename the input, for example to `orders_raw` by renaming the file"


def test_an_input_port_called_like_a_file(folder: Folder) -> None:
    folder.product("other.things")
    folder.product("sales.orders", inputs="inputPorts: [{name: things, contractId: contract-things}]\n")
    folder.orders("data/things.csv", "x\n")
    assert folder.only().code.id == "HNS-S025"


def test_two_input_ports_of_one_name(folder: Folder) -> None:
    folder.orders("product.yaml", PRODUCT + "inputPorts: [{name: x}, {name: x}]\n")
    assert folder.only().code.id == "HNS-S020"


def test_all_problems_of_all_files_come_at_once_sorted_by_place(folder: Folder) -> None:
    folder.orders("product.yaml", PRODUCT.replace("kind", "kid"))
    folder.orders("contracts/orders.odcs.yaml", CONTRACT.replace("logicalType: integer", "logicalType: intger"))
    folder.orders("pipeline.yaml", "apiVersion: hanse/v1\nkind: Pipeline\ninputz: {}\n")
    folder.orders("transforms/x.sql", b"\xff")
    folder.write("domains/sales/domain.yaml", "apiVersion: hanse/v1\nkind: Domain\nteem: x\n")
    found = folder.problems()
    assert [str(p.where) for p in found] == [
        "domains/sales/domain.yaml:3:1",
        f"{HERE}/contracts/orders.odcs.yaml:10:22",
        f"{HERE}/pipeline.yaml:3:1",
        f"{HERE}/product.yaml:1:1",
        f"{HERE}/product.yaml:2:1",
        f"{HERE}/transforms/x.sql:1:1",
    ]
    assert all(p.subject == "sales.orders" for p in found[1:])


def test_a_broken_product_leaves_the_others(folder: Folder) -> None:
    folder.product("other.things")
    folder.orders("product.yaml", "- not a mapping\n")
    workspace = folder.load()
    assert [str(name) for name in workspace.entries] == ["other.things"]
    assert [t.name for _, t in workspace.product(ProductName("other", "things")).tables] == ["things"]
    with pytest.raises(Problems) as caught:
        workspace.product(ORDERS)
    assert caught.value.code.id == "HNS-S004"
    with pytest.raises(SpecError) as missing:
        workspace.product(ProductName("sales", "nothing"))
    assert missing.value.code.id == "HNS-S034"


def test_the_digest_is_of_files_alone(folder: Folder) -> None:
    def digest() -> str:
        return folder.load().entries[ORDERS].digest

    first = digest()
    assert len(first) == 64
    folder.orders("product.yaml", PRODUCT)
    folder.orders("data/x.csv", "x")
    assert digest() == first
    found = {first}
    folder.orders("queries/q.sql", "SELECT 1")
    found.add(digest())
    folder.orders("queries/q.sql", "SELECT 2")
    found.add(digest())
    (folder.root / HERE / "queries/q.sql").rename(folder.root / HERE / "queries/r.sql")
    found.add(digest())
    folder.orders("transforms/orders.sql", "SELECT 2 AS order_id, 'b' AS customer")
    found.add(digest())
    folder.orders("pipeline.yaml", "apiVersion: hanse/v1\nkind: Pipeline\ninputs: {}\n")
    found.add(digest())
    assert len(found) == 6


def test_settings_tell_values_of_variables_apart(folder: Folder) -> None:
    folder.orders("data/x.csv", "x")
    folder.orders("pipeline.yaml", "apiVersion: hanse/v1\nkind: Pipeline\ninputs: {r: {file: 'data/${X:-x}.csv'}}\n")
    entries = [folder.load(environ).entries[ORDERS] for environ in ({}, {"X": "x"}, {"X": "x", "Y": "y"}, {"X": ""})]
    assert len({e.digest for e in entries}) == 1
    assert entries[1].settings == entries[2].settings
    assert len({e.settings for e in entries}) == 3
    assert {f.path for e in entries for f in e.files} == {"data/x.csv"}
