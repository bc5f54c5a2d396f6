"""Killable SPARQL: client text is hostile, so it is guarded, then run in a worker process that can be killed.

    limits.py   the caps, as one frozen record
    lexer.py    text → tokens, in linear time
    guard.py    tokens → a query that may run, or a refusal
    dataset.py  which graphs a request sees
    formats.py  media types and their short names
    fences.py   what a worker cannot do, whatever it is told (seccomp, resource limits)
    worker.py   the child process: opens generations read-only, evaluates, spools
    process.py  the parent's handle on one worker: spawn, ask, kill, say why it died
    lanes.py    who may run now: fair between clients and between quick and slow
    pool.py     the front door: `QueryPool.run`

Nothing is re-exported here: the worker imports this package on every start, and each import costs time.
"""
