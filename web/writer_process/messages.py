"""Messages between the service and its writer process, in the frames of `graph.sandbox.message_frames`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from graph.claims.write_protection import MAX_REMOVED
from graph.errors import AtlasError, InputTooLarge, QueryMemory
from graph.sandbox.remote_error import RemoteError
from graph.sparql.graph_store import UNPACKED_BYTES, Upload
from graph.write.term_limits import MAX_TERM_BYTES

__all__ = [
    "MAX_MESSAGE_BYTES",
    "GraphJob",
    "Job",
    "LoadJob",
    "Phase",
    "Reply",
    "Step",
    "UpdateJob",
    "UploadFile",
    "WriteFailure",
    "Written",
    "memory_error",
]

MAX_MESSAGE_BYTES = 16 << 20
"""The text of an update is shorter, and nothing else is long."""


class _JobFields(msgspec.Struct, kw_only=True, frozen=True):
    """`home` is the folder of the atlas, `base` resolves relative IRIs; `timeout` for the change and `wait` for the
    lock are in seconds; `term_bytes` is the longest term that the job may bring,
    `max_removed` the share of the accepted facts that it may take out."""

    home: str
    base: str
    timeout: float
    wait: float
    term_bytes: int = MAX_TERM_BYTES
    max_removed: float = MAX_REMOVED


class UpdateJob(_JobFields, tag="update", kw_only=True, frozen=True):
    """A SPARQL update, on the dataset that the request names."""

    text: str
    using: tuple[str, ...] = ()
    using_named: tuple[str, ...] = ()


class UploadFile(msgspec.Struct, frozen=True):
    """As `graph.sparql.graph_store.Upload`."""

    path: str
    media_type: str
    name: str = "The body"
    packed: bool = False
    limit: int = UNPACKED_BYTES

    def upload(self, term_bytes: int) -> Upload:
        """The record of the graph store."""
        return Upload(
            Path(self.path),
            self.media_type,
            name=self.name,
            packed=self.packed,
            limit=self.limit,
            term_bytes=term_bytes,
        )


class GraphJob(_JobFields, tag="graph", kw_only=True, frozen=True):
    """A request of the Graph Store Protocol. `graph` is its IRI, None = the default graph; `text` the update of a
    PATCH. `expected`: the generation that must be live when the job has its turn."""

    method: str
    graph: str | None
    uploads: tuple[UploadFile, ...] = ()
    text: str = ""
    expected: str | None = None


class LoadJob(_JobFields, tag="load", kw_only=True, frozen=True):
    """RDF files (absolute paths) into a graph, None = the default graph, or those that they name."""

    files: tuple[str, ...]
    graph: str | None


Job = UpdateJob | GraphJob | LoadJob


def memory_error(job: Job) -> AtlasError:
    """The error of a job that needed more memory than its process may have.

    An upload that unpacks or expands to so much is too large whenever it is sent; an update may fit another day.

    >>> job = UpdateJob(text="CLEAR ALL", home="atlas", base="http://example.org/", timeout=10.0, wait=10.0)
    >>> type(memory_error(job)).__name__
    'QueryMemory'
    """
    if isinstance(job, LoadJob) or (isinstance(job, GraphJob) and job.uploads):
        return InputTooLarge("To read what was sent takes more memory than a write may have.", "Send it in parts.")
    return QueryMemory("The write needed more memory than it may have; nothing was changed.", "Do it in parts.")


class Phase(msgspec.Struct, tag="phase", frozen=True):
    """`evaluating` once the process holds the lock, `publishing` once the change is made."""

    name: Literal["evaluating", "publishing"]


class Step(msgspec.Struct, tag="step", frozen=True):
    """Progress of a load: what is done now, how many files are done, and how many there are."""

    what: str
    done: int
    total: int


class Written(msgspec.Struct, tag="written", frozen=True):
    """The outcome of a job that succeeded. `generation` is empty where nothing changed; `added` and `empty` are those
    of a load; `staying`: the process takes another job. `warnings`: where the engine may have done otherwise than
    SPARQL says."""

    generation: str
    created: bool = False
    added: int = 0
    empty: tuple[str, ...] = ()
    staying: bool = True
    warnings: tuple[str, ...] = ()


class WriteFailure(msgspec.Struct, tag="failure", frozen=True):
    """The outcome of a job that changed nothing; the process ends after it."""

    error: RemoteError


Reply = Phase | Step | Written | WriteFailure
