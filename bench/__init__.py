"""Benchmarks, each started as `make bench-<name>`; the last line of each is one JSON object."""
