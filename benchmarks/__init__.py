"""Benchmarks: ratios against named peers and limits, measured in one run. ``python -m benchmarks --help``."""
