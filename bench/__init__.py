"""Benchmarks and drills: each prints what it measured in one run, beside a named reference."""
