"""Search beside its peers, and search as the collection grows. Tables for people; nothing is asserted.

python -m benchmarks.search peers                 the same passages and queries for every engine
python -m benchmarks.search scale 10k 100k 1M     what each cost grows to
"""
