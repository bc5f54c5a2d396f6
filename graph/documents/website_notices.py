"""Controls and notices of web pages and reports: lines such as "Skip to content" or "© 2024 …"."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

__all__ = ["is_notice"]

_DECORATION: Final = " \t|•·*_=~<>»«›‹→←↑↓►▶-–—"
MAX_NOTICE_CHARS: Final = 400


def is_notice(line: str) -> bool:
    """Whether the whole line is a well-known control or notice of a web page or a report."""
    bare = " ".join(line.strip(_DECORATION).split()) if len(line) <= MAX_NOTICE_CHARS else ""
    if not bare:
        return len(line) <= MAX_NOTICE_CHARS  # decoration only
    return _pattern().fullmatch(bare) is not None or _pattern().fullmatch(line) is not None


_ALSO: Final = r"you (?:may|might) also (?:like|enjoy|be interested in)"
_PLACES: Final = r"(?:facebook|twitter|x|linkedin|whatsapp|instagram|youtube|pinterest|reddit|bluesky|threads|tiktok)"
_SHARED: Final = r"(?:this|it|us|on|via|to|by|the|link|url|article|page|story|post|e-?mail|clipboard)"

# Each pattern matches a whole line with single blanks, in any case.
_PATTERNS: Final = (
    # Moving about the page
    r"skip to (?:the )?(?:main |primary )?(?:content|navigation|search|footer)(?: ↓)?",
    r"(?:jump|back|return|go|scroll) to (?:the )?(?:top|(?:main )?content|navigation|home ?page)(?: of (?:the )?page)?",
    r"(?:main )?(?:menu|navigation)|(?:open|close|toggle) (?:the )?(?:menu|navigation|search)",
    r"search|close|open|breadcrumbs?|site ?map|home ?page",
    r"you are here:?|(?:previous|next)(?: (?:page|article|post))?|loading(?:\.\.\.|…)?",
    # Other texts of the site
    rf"(?:read|see|watch|listen|{_ALSO})(?: also| more| next| on)?(?: \w+)?:",
    r"(?:read|see|view|show|load|learn|find out) (?:more|less|all)",
    rf"{_ALSO}|read (?:also|next)|also read|recommended(?: (?:reading|for you))?",
    r"(?:related|recommended|popular|recent|latest|more|trending|most read) (?:articles?|posts?|stories|news|links)",
    r"(?:related|recommended|more) (?:content|topics)|advertisement|sponsored(?: content)?",
    # Sharing
    rf"(?:share|tweet|print|email|copy|pin|save|like|follow|repost)(?: (?:{_SHARED}|{_PLACES})){{0,6}}",
    rf"{_PLACES}|rss",
    r"\d+ (?:shares?|comments?|likes?|views?)|(?:leave|post|add) a (?:comment|reply)|comments?",
    r"\d{1,3} ?(?:min|mins|minutes?)(?: read)?",
    # Accounts and newsletters
    r"(?:log|sign) ?(?:in|out|up|on)(?: (?:now|here|to our newsletter|for (?:our|the|free)\b.{0,40}))?",
    r"register|subscribe(?: (?:now|here|today|to .{0,60}))?|my account",
    # Cookies
    r"(?:accept|reject|allow|decline|manage|view|set)(?: (?:all|additional|essential|necessary|analytics|my|optional))*"
    r" (?:cookies?|cookie (?:settings|preferences)|preferences)",
    r"cookies?(?: (?:policy|notice|settings|preferences|statement|on this (?:site|website)|on [\w.]+))?",
    r"hide this message",
    r"(?:this|our) (?:web ?)?site uses cookies\b.{0,300}",
    r"(?:we|by (?:continuing|using|clicking))\b.{0,80}\bcookies\b.{0,300}",
    # The small print
    r"privacy (?:policy|notice|statement)|terms (?:of (?:use|service)|(?:and|&) conditions)",
    r"accessibility(?: statement)?|contact(?: us)?|about(?: us)?",
    r"(?:©|\(c\)|copyright\b).{0,160}|.{0,120}\ball rights reserved\.?",
    # Pages and contents lists of reports
    r"(?:page )?\d{1,4} (?:of|/) \d{1,4}|page \d{1,4}|[-–—] ?\d{1,4} ?[-–—]",
    r"table of contents?|contents|.{2,90}?(?: ?\.){4,} ?\d{1,4}",
)


@cache
def _pattern() -> re.Pattern[str]:
    """All patterns as one, for `fullmatch`, compiled at the first use, so that a search does not wait for it."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in _PATTERNS), re.I)
