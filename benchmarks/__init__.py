"""Measurements, each run by one command that prints a table. Timings are read by people, never asserted.

python -m benchmarks                 the list of them
python -m benchmarks.skeleton        build, ingest, search, serve: what a person waits for
python -m benchmarks.fresh           from a fresh clone to a served page
"""
