"""Comparison of search with other engines, and cost of search by size of the collection. Prints tables.

python -m benchmarks.search peers                 the same passages and queries for every engine
python -m benchmarks.search scale 10k 100k 1M     cost of each step at each size
"""
