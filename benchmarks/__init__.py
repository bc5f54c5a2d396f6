"""Benchmarks. Each is one command that prints a table; no test asserts a timing.

python -m benchmarks                 list the benchmarks and run the quick ones
python -m benchmarks.skeleton        wall time of build, ingest, search and serve
python -m benchmarks.fresh           from a fresh clone to a served page
"""
