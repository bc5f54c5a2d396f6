"""What a client takes, read from Accept: media types without their parameters, and the format to answer in."""

from __future__ import annotations

from werkzeug.datastructures import MIMEAccept

from graph.sparql.formats import Format, by_media_type, by_name

__all__ = ["choose", "media_types"]


def media_types(accept: MIMEAccept) -> MIMEAccept:
    """Without parameters such as `charset` and `profile`, by which nothing is told apart here. Werkzeug holds
    `text/turtle; charset=utf-8` for another type than text/turtle."""
    return MIMEAccept([(value.partition(";")[0].strip(), quality) for value, quality in accept])


def choose(choices: tuple[Format, ...], name: str | None, accept: MIMEAccept) -> tuple[Format, str] | None:
    """The format to answer in and its Content-Type; None where none of them will do. `name` (`format=`) wins over
    Accept, and without either it is the first. Who asks for a type by another name is answered by that name."""
    if name is not None:
        found = by_name(name, choices)
        return (found, found.content_type) if found is not None else None
    if not accept:
        return choices[0], choices[0].content_type
    best = media_types(accept).best_match([type_ for each in choices for type_ in (each.media_type, *each.aliases)])
    found = by_media_type(best, choices) if best is not None else None
    if best is None or found is None:
        return None
    return found, found.content_type if best == found.media_type else best
