"""Keeping tables fit: what expires, what is joined, what is removed."""
