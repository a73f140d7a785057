"""``hanse contract``: contracts on their own, without a mesh. One file per command, loaded when used."""

from __future__ import annotations

import click

from hanse.cli.main import LazyCommands

COMMANDS: dict[str, tuple[str, str]] = {
    "test": ("hanse.cli.contract.test", "Verify data against contracts."),
    "explain": ("hanse.cli.contract.explain", "Tell how data would be looked at, pass by pass."),
    "coverage": ("hanse.cli.contract.coverage", "List every clause of a contract, and how it is verified."),
    "lint": ("hanse.cli.contract.lint", "Report all problems of contracts, without any data."),
    "infer": ("hanse.cli.contract.infer", "Draft a contract from data."),
    "diff": ("hanse.cli.contract.diff", "Say what became of a contract, and for whom it breaks."),
}
"""Name → module that holds it as ``command_<name>``, and its one-line help."""


class ContractCommands(LazyCommands):
    """The commands about contracts."""

    known = COMMANDS


@click.command("contract", cls=ContractCommands)
def command_contract() -> None:
    """Verify data against contracts (Bitol ODCS 3), without a mesh."""
