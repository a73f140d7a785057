"""The version of Hanse, for whatever below its doors depends on it."""

VERSION = "0.1.0"
