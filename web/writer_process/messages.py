"""Messages between the service and its writer process, in the frames of `graph.sandbox.message_frames`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from graph.errors import AtlasError, InputTooLarge, QueryMemory
from graph.sandbox.remote_error import RemoteError
from graph.sparql.graph_store import UNPACKED_BYTES, Upload

__all__ = [
    "MAX_MESSAGE_BYTES",
    "GraphJob",
    "Job",
    "Phase",
    "Reply",
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
    lock are in seconds."""

    home: str
    base: str
    timeout: float
    wait: float


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

    def upload(self) -> Upload:
        """The record of the graph store."""
        return Upload(Path(self.path), self.media_type, name=self.name, packed=self.packed, limit=self.limit)


class GraphJob(_JobFields, tag="graph", kw_only=True, frozen=True):
    """A request of the Graph Store Protocol. `graph` is its IRI, None = the default graph; `text` the update of a
    PATCH. `expected`: the generation that must be live when the job has its turn."""

    method: str
    graph: str | None
    uploads: tuple[UploadFile, ...] = ()
    text: str = ""
    expected: str | None = None


Job = UpdateJob | GraphJob


def memory_error(job: Job) -> AtlasError:
    """The error of a job that needed more memory than its process may have.

    An upload that unpacks or expands to so much is too large whenever it is sent; an update may fit another day.

    >>> job = UpdateJob(text="CLEAR ALL", home="atlas", base="http://example.org/", timeout=10.0, wait=10.0)
    >>> type(memory_error(job)).__name__
    'QueryMemory'
    """
    if isinstance(job, GraphJob) and job.uploads:
        return InputTooLarge("To read what was sent takes more memory than a write may have.", "Send it in parts.")
    return QueryMemory("The write needed more memory than it may have; nothing was changed.", "Do it in parts.")


class Phase(msgspec.Struct, tag="phase", frozen=True):
    """`evaluating` once the process holds the lock, `publishing` once the change is made."""

    name: Literal["evaluating", "publishing"]


class Written(msgspec.Struct, tag="written", frozen=True):
    """The outcome of a job that succeeded. `staying`: the process takes another job."""

    generation: str
    created: bool = False
    staying: bool = True


class WriteFailure(msgspec.Struct, tag="failure", frozen=True):
    """The outcome of a job that changed nothing; the process ends after it."""

    error: RemoteError


Reply = Phase | Written | WriteFailure
