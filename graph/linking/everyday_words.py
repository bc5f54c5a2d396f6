"""Everyday words that are also names: they need more evidence than their letters to count as a name."""

from __future__ import annotations

from typing import Final

__all__ = ["COMMON", "MONTHS_AND_DAYS"]

MONTHS_AND_DAYS: Final = frozenset(
    [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ]
)

# Towns, surnames, organisations, programmes, themes and acronyms that are words as well. Lower case, one word each.
_PLACES: Final = """reading bath sandwich hull wells rugby deal battle ware street sale rye eye bury settle march
    nelson stone cheddar mold barry flint hook rush wick crook diss ash beer bow box cook dale deep ford hope
    ore over poole race seal seven sway wells wing worth angel bank barking bow temple oval tring hale lamb
    may chard hay marsh moss slough stroud yarm yell downs forest north south east west central city county
    borough region green bank hill island park university nice mobile split orange phoenix"""
_NAMES: Final = """generator interface watershed disguise intel place trade skills clusters cluster design crafts
    craft architecture publishing film music screen games fashion advertising software media arts culture heritage
    international innovation finance regulation immigration education jobs growth access data compacts compact
    focus impact spark catalyst bridge common unity creative creatives sign react mend ace cross art lens frame
    apple amazon target gap shell orange sky channel nature science cell time life people guardian times sun mirror
    independent observer standard express economist church house state union parliament treasury cabinet office
    council agency authority network forum board trust foundation institute academy college school programme project
    fund review report plan strategy policy will rose mark grace faith hope bill
    frank rich grant young king prince bishop page cook baker smith brown white black green gray grey day man"""
_ACRONYMS: Final = """it ai us ip ci or me in on at as so be who cap act aid aims cast arc core lead map step star team
    wave who smart fast pic ace sign mend react ids pop art"""

# Capitals tell acronyms of this list from words, except in text that is all in capitals.
COMMON: Final = frozenset((_PLACES + " " + _NAMES + " " + _ACRONYMS).split()) | MONTHS_AND_DAYS
