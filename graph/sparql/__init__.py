"""Killable SPARQL: client text is hostile, so it is guarded, then run in a worker process that can be killed.

    limits.py   the caps, as one frozen record
    lexer.py    text → tokens, in linear time
    guard.py    tokens → a query that may run, or a refusal
    plain.py    the same verdict at a glance, for most queries
    checking.py the same verdict given by a worker, for long queries
    dataset.py  which graphs a request sees
    formats.py  media types and their short names
    fences.py   what a worker cannot do, whatever it is told (seccomp, resource limits)
    worker.py   the child process: opens generations read-only, evaluates, spools
    wire.py     the frames between the pool and a worker
    process.py  the parent's handle on one worker: spawn, ask, kill, say why it died
    crew.py     the workers of a pool: idle ones, new ones, the end of old ones
    lanes.py    who may run now: fair between clients and between quick and slow
    dispatch.py queries to workers and answers back, in an event loop
    asked.py    one query in the terms of the pool, and what an answer to it amounts to
    pool.py     the front door: `QueryPool.run` from any thread, `QueryPool.answer` in the loop

Nothing is re-exported here: the worker imports this package on every start, and each import costs time.
"""
