"""Contracts on their own, without a mesh. What a command needs is loaded by that command."""
