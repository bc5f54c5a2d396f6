"""Hostile queries over HTTP: how a service ends each, and the effect on other clients."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

from benchmarks.sparql_clients import Load, drive
from benchmarks.sparql_servers import Running

__all__ = ["EXPECTED", "FIVE", "HOSTILE", "BackgroundLoad", "Outcome", "ask", "many", "repeatedly"]

EX: Final = "http://example.org/"
STAR: Final = " ; ".join(f"<{EX}p{n}> ?o{n}" for n in range(200))
DOUBLING: Final = " ".join(f"BIND(CONCAT(?a{n}, ?a{n}) AS ?a{n + 1})" for n in range(40))

HOSTILE: Final[dict[str, str]] = {
    "cartesian product, sorted": "SELECT * { ?s ?p ?o . ?a ?b ?c . ?d ?e ?f } ORDER BY ?f",
    "cartesian product, counted": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o . ?a ?b ?c . ?d ?e ?f }",
    "sort all by a random key": "SELECT * { ?s ?p ?o . ?a ?b ?c } ORDER BY (RAND())",
    "path over all pairs": "SELECT * { ?s (<u:a>|!<u:a>)* ?o . ?o (<u:a>|!<u:a>)* ?x . ?y (!<u:a>)* ?z }",
    "CONCAT bomb": f'SELECT * {{ BIND("{"x" * 1000}" AS ?a0) {DOUBLING} }}',
    "regular expressions on all pairs": "SELECT * { ?s ?p ?o . ?a ?b ?c FILTER(REGEX(CONCAT(?o, ?c), '(a|.*)*x$')) }",
    "10,000 nested groups": "SELECT * " + "{" * 10_000 + "}" * 10_000,
    "7,000 unions": "SELECT * { " + "{} UNION " * 7000 + "{} }",
    "12,000 sums": "ASK { FILTER(" + "1 + " * 12_000 + "1) }",
    "200-pattern star": f"SELECT * {{ ?s {STAR} }}",
    "120-pattern star": f"SELECT * {{ ?s {' ; '.join(STAR.split(' ; ')[:120])} }}",
    "5 MB of text": "SELECT * {" + " " * (5 << 20) + "}",
    "SERVICE": "SELECT * { SERVICE <http://127.0.0.1:PORT/> { ?s ?p ?o } }",
    "SERVICE SILENT": "SELECT * { SERVICE SILENT <http://127.0.0.1:PORT/> { ?s ?p ?o } }",
    "SERVICE, prefixed": "PREFIX a: <http://127.0.0.1:PORT/> SELECT * { SERVICE a: { ?s ?p ?o } }",
    "SERVICE, variable": "SELECT * { VALUES ?g { <http://127.0.0.1:PORT/> } SERVICE ?g { ?s ?p ?o } }",
    "SERVICE, without a boundary": "SELECT * { FILTER(true) FILTER trueSERVICE<http://127.0.0.1:PORT/>{ ?s ?p ?o } }",
    "SERVICE behind an operator": "ASK { FILTER(1 <'>')SERVICE<http://127.0.0.1:PORT/>{?s ?p ?o}FILTER('x'<'>') #')\n}",
    "LOAD": "LOAD <http://127.0.0.1:PORT/>",
}  # fmt: skip

EXPECTED: Final[dict[str, str]] = {
    "SERVICE": "refused",
    "SERVICE SILENT": "refused",
    "SERVICE, prefixed": "refused",
    "SERVICE, variable": "refused",
    "SERVICE, without a boundary": "refused",
    # By the grammar `<'>` is an IRI, and none can follow a number: a syntax error, which must not be read in any
    # other way ("less than" a string, and then a call), as an engine without tokens would.
    "SERVICE behind an operator": "query-syntax",
    # An update sent to the query endpoint: refused like any other update there.
    "LOAD": "query-syntax",
}
"""Required outcome of the queries that try to reach the network. None may connect to the port."""

FIVE: Final = (
    "cartesian product, sorted", "cartesian product, counted", "path over all pairs", "CONCAT bomb",
    "10,000 nested groups",
)  # fmt: skip
"""The hostile queries that every system gets."""

BRIEF: Final = 0.25
"""Seconds that each of many hostile queries may run."""

_WINDOW: Final = 2.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a query: status line or reason, seconds that it took, and its begin and end (`perf_counter`)."""

    status: str
    seconds: float
    began: float
    ended: float


def ask(url: str, query: str, budget: float, timeout: float | None = None) -> Outcome:
    """Send one query and wait at most `budget` seconds; `timeout` is sent as a parameter."""
    fields = {"query": query} if timeout is None else {"query": query, "timeout": f"{timeout:g}"}
    body = urlencode(fields)
    began = time.perf_counter()
    status = _status(url, body, budget)
    ended = time.perf_counter()
    return Outcome(status, ended - began, began, ended)


def _status(url: str, body: str, budget: float) -> str:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=budget)
    try:
        form = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/sparql-results+json"}
        with suppress(BrokenPipeError, ConnectionResetError):  # a body over the cap is answered before it is read
            connection.request("POST", parts.path, body, form)
        answer = connection.getresponse()
        result = answer.read()
        if answer.status == 200:
            return f"200, {len(result):,} bytes"
        return f"{answer.status} {_slug(result)}"
    except TimeoutError:
        return f"not within {budget:g} s"
    except (OSError, http.client.HTTPException) as error:
        return f"connection lost ({type(error).__name__})"
    finally:
        connection.close()


def _slug(body: bytes) -> str:
    try:
        return str(json.loads(body)["type"]).rsplit("/", 1)[1]
    except (ValueError, KeyError, IndexError, TypeError):
        return body[:40].decode(errors="replace")


class BackgroundLoad:
    """Clients that send look-ups in the background for `seconds`; `load` is their measurement once they have ended."""

    def __init__(self, url: str, texts: Iterator[str], clients: int, seconds: float) -> None:
        self.load: Load | None = None
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(url, texts, clients, seconds))
        self._thread.start()

    def _run(self, url: str, texts: Iterator[str], clients: int, seconds: float) -> None:
        self.load = drive(url, texts, clients, seconds, int(seconds * 6_000), self._begun.set)

    def wait_begun(self) -> None:
        self._begun.wait(120)

    def wait(self) -> Load:
        self._thread.join()
        assert self.load is not None
        return self.load


def repeatedly(url: str, query: str, limit: float) -> Outcome:
    """Send a query again and again for two seconds, so that the effect on others can be measured; `seconds` is the
    longest time. No text is sent twice, as an attacker would do."""
    first = last = ask(url, f"{query}\n#", limit + 10, limit)
    longest, number = first.seconds, 0
    while last.ended - first.began < _WINDOW:
        number += 1
        last = ask(url, f"{query}\n#{number}", limit + 10, limit)
        longest = max(longest, last.seconds)
    return Outcome(last.status, longest, first.began, last.ended)


def many(running: Running, number: int, seconds: float) -> tuple[Counter[str], float, int]:
    """Up to `number` hostile queries, one after the other, for so many seconds: how they ended, the longest time that
    one took, and the most memory that one process of the server has had meanwhile, in bytes."""
    ended: Counter[str] = Counter()
    texts = [text for text in HOSTILE.values() if "PORT" not in text]
    longest, largest = 0.0, 0
    stop, next_check = time.perf_counter() + seconds, 0.0
    for index in range(number):
        outcome = ask(running.url, f"{texts[index % len(texts)]}\n#{index}", 30, BRIEF)
        ended[outcome.status] += 1
        longest = max(longest, outcome.seconds)
        if outcome.ended > next_check:
            largest, next_check = max(largest, running.largest()), outcome.ended + 0.2
        if outcome.ended > stop:
            break
    return ended, longest, largest
