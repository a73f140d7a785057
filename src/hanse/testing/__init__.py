"""Floor 16: fakes and conformance suites, public so that others can write drivers."""
