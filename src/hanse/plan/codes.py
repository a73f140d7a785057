"""Codes of planning and applying (letter P)."""

from hanse.base import Code

BREAKING_CHANGE = Code(
    "HNS-P001",
    "breaking change of a promise",
    "A change of an active contract would break its readers, and data has been released under it. Leave the contract "
    "as it was and add a new major version beside it, in a file of its own; or set the contract's status to `draft` "
    "if nobody relies on it yet.",
)
PORT_REMOVED = Code(
    "HNS-P002",
    "promised port removed",
    "An output port (or one of its major versions) with an active contract and released data is no longer described. "
    "Put it back; to end it, set its contract's status to `deprecated`, later to `retired`, and remove it then.",
)
STALE_PLAN = Code(
    "HNS-P003",
    "stale plan",
    "Somebody applied other changes after this plan was made, so what it says may no longer be true. Nothing was "
    "changed by it since; make a new plan.",
)
VERSION_NOT_RAISED = Code(
    "HNS-P004",
    "contract changed without its version",
    "A contract's content changed and its version did not grow as much as the change calls for. Readers see by the "
    "version that there is something new: raise it as the message says.",
)
PINNED_MAJOR_GONE = Code(
    "HNS-P005",
    "pinned major version gone",
    "An input port without a major version is pinned to the newest one when it is first applied, and that major "
    "version is no longer offered. Name the major version to read in the input port, and adapt the transforms.",
)
NO_SUCH_PRODUCT = Code(
    "HNS-P006",
    "no such product",
    "A plan was asked for a product that the mesh's folder does not describe. Check the name; `hanse list` and the "
    "folders under `domains/` show all.",
)
UNREADABLE_APPLIED_CONTRACT = Code(
    "HNS-P007",
    "applied contract cannot be read",
    "The text of a contract as it was last applied cannot be read any more, so nobody can tell what a change of it "
    "breaks. Set the contract's status to `draft` and apply, then set it back and apply again.",
)
INPUT_NOT_FOUND = Code(
    "HNS-P008",
    "input port reads nothing",
    "An input port names an output port or contract that no product of the mesh offers. Correct the reference, or add "
    "the product that it means.",
)
IMPOSSIBLE_RENAME = Code(
    "HNS-P009",
    "renaming that cannot be done",
    "A column says that it is one that the table has, under a new name, by its `id` or by `was`; but the table has no "
    "such column, or its values are of another type, or the two name different columns. Values would be lost that the "
    "contract means to keep. Nothing was changed.",
)
READERS_BREAK = Code(
    "HNS-P010",
    "products downstream break or misread",
    "Tables of other products are made of a table or column that goes: their transforms name it, so their next runs "
    "fail. Or its name means another column from now on: they go on with other values, without an error. Or it gets "
    "another type, and they do more with it than copy it. What they released stays readable. Change those products, or "
    "describe the new state in a new major beside the old one. Until a product is applied again, the plan knows of it "
    "what its transforms said when it was last applied.",
)
