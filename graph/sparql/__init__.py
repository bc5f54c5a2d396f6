"""Killable SPARQL: client text is hostile, so it is guarded, then evaluated in a worker process that can be killed.

    dataset.py         which graphs a request sees
    formats.py         media types of results and graphs, and their short names
    limits.py          the caps, as one frozen record
    search_request.py  a search inside a query, and the rows that took its place
    result.py          the result of a query: bytes in memory or in a spool file
    update.py          evaluation of a SPARQL update on a writable store
    graph_store.py     the operations of the Graph Store HTTP Protocol on a writable store

    syntax/            text → tokens → a query that may run, or a refusal; runs in the server and in workers
        lexer.py           text → tokens, in linear time
        guard.py           tokens → a query that may run
        simple_query.py    the same verdict without the lexer, for most queries
        complexity.py      nesting depth and number of triple patterns
        query_shape.py     is it a look-up, is it brief, does the row order or the base matter?
        search_clause.py   SERVICE <urn:creative-atlas:search> { … } → VALUES
        update_rewrite.py  operations of an update, and its dataset made explicit
        errors.py          the engine's syntax errors, for the author of the query

    worker/            the child process, and the pool's handle on it
        main.py            opens generations read-only, evaluates, spools
        protocol.py        the messages between the pool and a worker
        process.py         start, ask, kill, and the reason of a death
        guard_in_worker.py the guard's verdict on a long query
        in_memory_copy.py  a small graph in memory
        result_writer.py   memory, then the spool file, and the caps

    pool/              queries to workers, in an event loop
        pool.py            the entry point: `QueryPool.run` from any thread, `evaluate` in the loop
        guard_verdicts.py  guard verdicts, cached, and those that a worker gives
        request.py         a query in its context, and the result of a worker's answer
        result_cache.py    results in memory, by fingerprint
        dispatcher.py      assigns tasks to workers, delivers answers, ends what is late
        fair_queues.py     which waiting query runs next
        search_clause_runner.py  runs the searches inside a query before it gets a worker
        task.py            one question to a worker
        query_task.py      the task of a query
        triple_lookup.py   look-ups, answered without a worker
        workers.py         starts, keeps and replaces the worker processes
        lifecycle.py       an event loop in a thread, and the end of the process

Nothing is re-exported here: a worker imports this package when it starts, and each import costs time.
"""
