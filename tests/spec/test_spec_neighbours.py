from hanse.base import Location, ProductName
from hanse.spec import Entry, InputSummary, PortSummary
from hanse.spec.neighbours import check_neighbours

from .conftest import CONTRACT, PRODUCT, Folder

ORDERS = ProductName("sales", "orders")
FILE = "domains/sales/orders/product.yaml"


def reads(*contracts: str) -> str:
    entries = "".join(f"  - {{name: in_{i}, contractId: {c}}}\n" for i, c in enumerate(contracts))
    return f"inputPorts:\n{entries}"


def test_a_reference_by_contract_is_resolved(folder: Folder) -> None:
    folder.product("other.things")
    folder.product("sales.orders", inputs=reads("contract-things"))
    workspace = folder.load()
    assert workspace.problems == ()
    found = workspace.resolve_inputs(ORDERS)
    assert [(str(r.product), r.port, r.major, r.tables) for r in found] == [("other.things", "things", 1, ("things",))]


def test_a_contract_that_nobody_offers(folder: Folder) -> None:
    folder.product("other.things")
    folder.product("sales.orders", inputs=reads("contract-thinks"))
    problem = folder.only()
    assert (problem.code.id, str(problem.where)) == ("HNS-S024", f"{FILE}:12:5")
    assert problem.fix == "did you mean `contract-things`?"
    assert problem.subject == "sales.orders"
    assert folder.load().resolve_inputs(ORDERS) == ()


def test_addresses_that_lead_nowhere(folder: Folder) -> None:
    folder.product("other.things")
    for address, fix in {
        "other.thing.things": "did you mean `other.things`?",
        "other.things.thongs": "did you mean `things`?",
    }.items():
        folder.orders("pipeline.yaml", f"apiVersion: hanse/v1\nkind: Pipeline\ninputs:\n  p: {{port: {address}}}\n")
        problem = folder.only()
        assert (problem.code.id, problem.fix) == ("HNS-S024", fix)
        assert str(problem.where) == "domains/sales/orders/pipeline.yaml:4:3"


def test_a_major_that_is_not_served(folder: Folder) -> None:
    folder.product("other.things")
    folder.orders(
        "pipeline.yaml", "apiVersion: hanse/v1\nkind: Pipeline\ninputs: {p: {port: other.things.things, major: 2}}\n"
    )
    problem = folder.only()
    assert (problem.code.id, problem.fix) == ("HNS-S024", "ask for one of: 1")


def test_the_newest_major_is_meant(folder: Folder) -> None:
    folder.write(
        "domains/sales/orders/product.yaml",
        PRODUCT + "  - {name: orders, version: 2.0.0, contractId: contract-orders}\n",
    )
    folder.orders("contracts/orders.v2.odcs.yaml", CONTRACT.replace("version: 1.0.0", "version: 2.1.0"))
    folder.product("other.things", inputs=reads("contract-orders"))
    workspace = folder.load()
    assert workspace.problems == ()
    assert workspace.resolve_inputs(ProductName("other", "things"))[0].major == 2


def test_references_to_a_broken_product_are_not_reported_as_well(folder: Folder) -> None:
    folder.product("other.things", inputs="tagz: []\n")
    folder.product("sales.orders", inputs=reads("contract-things"))
    assert [p.code.id for p in folder.problems()] == ["HNS-S011"]
    folder.product("sales.orders")
    folder.orders("pipeline.yaml", "apiVersion: hanse/v1\nkind: Pipeline\ninputs: {p: {port: other.things.things}}\n")
    assert [p.code.id for p in folder.problems()] == ["HNS-S011"]


def test_a_contract_promised_by_two_products(folder: Folder) -> None:
    folder.product("other.things", contract="contract-orders")
    problem = folder.only()
    assert problem.code.id == "HNS-S021"
    assert "sales.orders and other.things" in problem.what
    assert str(problem.where) == f"{FILE}:8:5"
    assert "domains/other/things/product.yaml:8:5" in (problem.why or "")


def test_a_circle_shows_its_path(folder: Folder) -> None:
    folder.product("a.one", inputs=reads("contract-two"))
    folder.product("b.two", inputs=reads("contract-three"))
    folder.product("c.three", inputs=reads("contract-one", "contract-orders"))
    folder.product("d.four", inputs=reads("contract-one"))
    problem = folder.only()
    assert problem.code.id == "HNS-S027"
    assert problem.what == "products read each other in a circle: a.one reads b.two reads c.three reads a.one"
    assert str(problem.where) == "domains/c/three/product.yaml:12:5"
    assert problem.fix == "remove one of these input ports, for example `in_0` of c.three"


def test_a_product_that_reads_itself(folder: Folder) -> None:
    folder.product("sales.orders", inputs=reads("contract-orders"))
    problem = folder.only()
    assert (problem.code.id, "sales.orders reads sales.orders" in problem.what) == ("HNS-S027", True)


def test_a_diamond_is_no_circle(folder: Folder) -> None:
    folder.product("a.top")
    folder.product("b.left", inputs=reads("contract-top"))
    folder.product("b.right", inputs=reads("contract-top"))
    folder.product("c.bottom", inputs=reads("contract-left", "contract-right"))
    assert folder.problems() == ()


def test_a_long_chain_needs_no_stack(folder: Folder) -> None:
    def entry(number: int) -> Entry:
        where = Location(f"p{number}")
        return Entry(
            ProductName("d", f"p{number}"),
            f"p{number}",
            "",
            "",
            "1.0.0",
            "active",
            (PortSummary("out", 1, "1.0.0", f"c{number}", (), "", where),),
            (InputSummary("in", f"c{number + 1}", None, None, where),),
        )

    entries = {e.name: e for e in map(entry, range(5000))}
    found = check_neighbours(entries, {})
    assert [p.code.id for p in found] == ["HNS-S024"]  # the last one reads what is not there
