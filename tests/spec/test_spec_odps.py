import pytest

from hanse.base import ProductName, Severity

from .conftest import PRODUCT, Folder

ORDERS = ProductName("sales", "orders")
FILE = "domains/sales/orders/product.yaml"
FULL = """\
apiVersion: v1.1.0
kind: DataProduct
id: 12
name: Orders
version: 2.10
status: Active
deprecated: false
domain: sales
tenant: acme
type: sourceAligned
tags: [core, 2024]
synonyms: [{synonym: purchases, id: s, description: d, locale: en, source: g, status: active, customProperties: []}]
productCreatedTs: 2024-01-01T00:00:00Z
description:
  purpose: To plan.
  usage: Join it.
  limitations: None.
  authoritativeDefinitions: [{id: a, type: glossary, url: "https://example.org", description: d}]
  customProperties: [{id: a, property: p, value: 1, description: d}]
context:
  instructions: Be kind.
  verifiedStatements: [{id: v, question: q, answer: a, tags: [t], customProperties: [], authoritativeDefinitions: []}]
  constraints: [{id: c, constraint: never, tags: [t], customProperties: [], authoritativeDefinitions: []}]
authoritativeDefinitions: []
customProperties:
  - {property: budget, value: {amount: 1.5}}
inputPorts:
  - {id: i, name: outside, version: 3.1.0, deprecated: true, tags: [], customProperties: []}
outputPorts:
  - id: o
    name: orders
    description: The orders.
    type: tables
    version: 1.0.0
    contractId: contract-orders
    deprecated: false
    sbom: [{id: s, type: external, url: "https://example.org"}]
    inputContracts: [{id: x, version: 1.0.0}]
    synonyms: []
    tags: []
    customProperties: []
    authoritativeDefinitions: []
    context: {instructions: x}
managementPorts:
  - {id: m, name: metrics, content: observability, type: rest, url: u, channel: c, description: d, deprecated: true}
support:
  - {id: s, channel: chat, url: "https://example.org", description: d, tool: slack, scope: issues, invitationUrl: u}
team:
  name: Team Orders
  description: d
  tags: []
  members:
    - {id: m, username: ada, name: Ada, role: owner, description: d, dateIn: 2024-01-01, replacedByUsername: b}
"""


def test_everything_that_a_product_says_is_kept(folder: Folder) -> None:
    folder.orders("product.yaml", FULL)
    workspace = folder.load()
    assert workspace.problems == ()
    product = workspace.product(ORDERS)
    assert (product.id, product.version, product.status, product.title) == ("12", "2.10", "active", "Orders")
    assert (product.purpose, product.usage, product.limitations) == ("To plan.", "Join it.", "None.")
    assert product.tags == ("core", "2024")
    assert product.custom == {"budget": {"amount": 1.5}}
    assert product.team == "Team Orders"
    assert [(m.username, m.name, m.role) for m in product.members] == [("ada", "Ada", "owner")]
    assert product.support[0]["tool"] == "slack"
    assert [(p.name, p.major, p.contract_id) for p in product.inputs] == [("outside", 3, None)]
    port = product.outputs[0]
    assert (port.name, port.version, port.kind, port.description) == ("orders", "1.0.0", "tables", "The orders.")
    assert str(port.where) == f"{FILE}:30:5"
    assert product.text == FULL


def test_10_and_its_list_of_members(folder: Folder) -> None:
    folder.orders(
        "product.yaml",
        PRODUCT.replace("v1.1.0", "v1.0.0") + "team:\n  - {username: ada, role: owner}\n  - {username: bob}\n",
    )
    product = folder.load().product(ORDERS)
    assert product.team is None
    assert [m.username for m in product.members] == ["ada", "bob"]


def test_what_10_requires(folder: Folder) -> None:
    text = PRODUCT.replace("v1.1.0", "v1.0.0").replace("status: active\n", "").replace("    version: 1.0.0\n", "")
    folder.orders("product.yaml", text + "inputPorts:\n  - name: x\n")
    found = folder.problems()
    assert [(p.code.id, p.fix, str(p.where)) for p in found] == [
        ("HNS-S012", "add `status:`, or write `apiVersion: v1.1.0`", f"{FILE}:1:1"),
        ("HNS-S012", "add `version:`, or write `apiVersion: v1.1.0`", f"{FILE}:7:5"),
        ("HNS-S012", "add `contractId:`, or write `apiVersion: v1.1.0`", f"{FILE}:10:5"),
        ("HNS-S012", "add `version:`, or write `apiVersion: v1.1.0`", f"{FILE}:10:5"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "code", "place", "fix"),
    [
        ("outputPorts:", "outputPort:", "HNS-S011", "7:1", "did you mean `outputPorts`?"),
        ("    contractId:", "    contractID:", "HNS-S011", "10:5", "did you mean `contractId`?"),
        ("kind: DataProduct", "kind: Product", "HNS-S014", "2:7", "write `DataProduct`"),
        ("apiVersion: v1.1.0", "apiVersion: v2.0.0", "HNS-S010", "1:13", "write one of v1.0.0, v1.1.0"),
        ("apiVersion: v1.1.0", "apiVersion: 1.1.0", "HNS-S010", "1:13", "write `v1.1.0`"),
        ("apiVersion: v1.1.0\n", "", "HNS-S012", "1:1", "add `apiVersion:`"),
        ("id: product-orders\n", "", "HNS-S012", "1:1", "add `id:`"),
        ("id: product-orders", "id: true", "HNS-S013", "3:5", "put it in quotes"),
        ("id: product-orders", "id: x\nid: y", "HNS-S005", "4:1", "keep one of them"),
        ("status: active", "status: actve", "HNS-S032", "6:9", "did you mean `active`?"),
        ("status: active", "status: active\ntags: core", "HNS-S013", "7:7", None),
        ("status: active", "status: active\ndeprecated: yes", "HNS-S013", "7:13", "write `true`"),
        ("status: active", "status: active\nteam: nobody", "HNS-S013", "7:7", None),
        ("status: active", "status: active\nteam: {memberz: []}", "HNS-S011", "7:8", "did you mean `members`?"),
        ("status: active", "status: active\nteam: [{user: x}]", "HNS-S012", "7:8", "add `username:`"),
        ("status: active", "status: active\nsupport: [{channel: x}]", "HNS-S012", "7:11", "add `url:`"),
    ],
)
def test_faults(old: str, new: str, code: str, place: str, fix: str | None, folder: Folder) -> None:
    assert old in PRODUCT
    folder.orders("product.yaml", PRODUCT.replace(old, new))
    found = folder.problems()
    assert (code, f"{FILE}:{place}") in [(p.code.id, str(p.where)) for p in found], found
    problem = next(p for p in found if p.code.id == code)
    assert fix is None or problem.fix == fix
    assert problem.subject == "sales.orders"


def test_a_missing_status_is_draft(folder: Folder) -> None:
    folder.orders("product.yaml", PRODUCT.replace("status: active\n", ""))
    assert folder.load().entries[ORDERS].status == "draft"


def test_an_unknown_status_is_draft_and_a_warning(folder: Folder) -> None:
    folder.orders("product.yaml", PRODUCT.replace("status: active", "status: in review"))
    workspace = folder.load()
    assert workspace.entries[ORDERS].status == "draft"
    assert [(p.code.id, p.severity) for p in workspace.problems] == [("HNS-S032", Severity.WARNING)]


def test_references_are_not_expanded_in_a_standards_file(folder: Folder) -> None:
    folder.orders("product.yaml", PRODUCT.replace("name: Orders", "name: ${NAME}"))
    assert folder.load().product(ORDERS).title == "${NAME}"
