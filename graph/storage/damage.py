"""What can be done about a damaged graph: which earlier generation is whole."""

from __future__ import annotations

from graph.errors import AtlasError, GraphDamaged, NotAnAtlas
from graph.storage.checksums import check_graph
from graph.storage.generations import Generation, Home

__all__ = ["explain_damage", "last_whole"]


def last_whole(home: Home, generation: str = "") -> Generation | None:
    """The newest generation below `generation` whose graph is as it was written; None where there is none.

    Its files are read through, which takes a second for each two gigabytes.
    """
    for candidate in reversed(home.whole()):
        if generation and candidate.name >= generation:
            continue
        try:
            if check_graph(candidate.path).files:
                return candidate
        except AtlasError:
            continue
    return None


def explain_damage(home: Home, error: GraphDamaged) -> GraphDamaged:
    """The error with what can be done: the last whole generation, where there is one.

    >>> explain_damage(home, GraphDamaged("The graph is damaged.")).explained
    True
    """
    try:
        name = error.generation or home.require().name
    except NotAnAtlas:
        name = ""
    whole = last_whole(home, name)
    remedy = "No earlier generation is whole: restore the directory from a backup, or build the atlas anew."
    if whole is not None:
        remedy = (
            f"Generation {whole.name} is whole: creative-atlas rollback {whole.name} goes back to it, after it has said"
            " which writes go. Or restore a backup."
        )
    return GraphDamaged(error.message, remedy, generation=name, explained=True)
