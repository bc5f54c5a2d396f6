"""Names of countries other than the United Kingdom, and of their states and provinces, lower case without accents."""

from __future__ import annotations

from typing import Final

__all__ = ["COUNTRIES", "PROVINCES", "PROVINCE_CODES"]


def _names(text: str) -> frozenset[str]:
    return frozenset(" ".join(name.split()) for name in text.split(","))


PROVINCES: Final = _names("""
    alabama, alaska, arizona, arkansas, california, colorado, connecticut, delaware, florida, georgia, hawaii, idaho,
    illinois, indiana, iowa, kansas, kentucky, louisiana, maine, maryland, massachusetts, michigan, minnesota,
    mississippi, missouri, montana, nebraska, nevada, new hampshire, new jersey, new mexico, new york, north carolina,
    north dakota, ohio, oklahoma, oregon, pennsylvania, rhode island, south carolina, south dakota, tennessee, texas,
    utah, vermont, virginia, washington, west virginia, wisconsin, wyoming, washington dc, puerto rico, new england,
    ontario, quebec, manitoba, saskatchewan, alberta, british columbia, nova scotia, new brunswick, newfoundland,
    labrador, prince edward island, yukon, nunavut, northwest territories,
    new south wales, victoria, queensland, tasmania, south australia, western australia, northern territory,
    otago, kwazulu natal, western cape, eastern cape, northern cape, gauteng, free state,
    bavaria, saxony, hesse, brandenburg, lombardy, tuscany, catalonia, andalusia, brittany, normandy, provence,
    maharashtra, tamil nadu, kerala, karnataka, gujarat, punjab, west bengal, uttar pradesh""")
"""States, provinces and regions abroad whose name is not that of a place in the United Kingdom too."""

COUNTRIES: Final = _names("""
    afghanistan, albania, algeria, andorra, angola, antigua, argentina, armenia, australia, austria, azerbaijan,
    bahamas, bahrain, bangladesh, barbados, belarus, belgium, belize, benin, bermuda, bhutan, bolivia, bosnia, botswana,
    brazil, brunei, bulgaria, burkina faso, burundi, cambodia, cameroon, canada, chad, chile, china, colombia, congo,
    costa rica, croatia, cuba, cyprus, czechia, czech republic, denmark, djibouti, dominica, dominican republic,
    ecuador, egypt, el salvador, eritrea, estonia, eswatini, ethiopia, fiji, finland, france, gabon, gambia, germany,
    ghana, greece, grenada, guatemala, guinea, guyana, haiti, honduras, hong kong, hungary, iceland, india, indonesia,
    iran, iraq, ireland, israel, italy, ivory coast, jamaica, japan, jordan, kazakhstan, kenya, kosovo, kuwait,
    kyrgyzstan, laos, latvia, lebanon, lesotho, liberia, libya, liechtenstein, lithuania, luxembourg, madagascar,
    malawi, malaysia, maldives, mali, malta, mauritania, mauritius, mexico, moldova, monaco, mongolia, montenegro,
    morocco, mozambique, myanmar, namibia, nepal, netherlands, new zealand, nicaragua, niger, nigeria, north macedonia,
    norway, oman, pakistan, palestine, panama, papua new guinea, paraguay, peru, philippines, poland, portugal, qatar,
    romania, russia, rwanda, samoa, saudi arabia, senegal, serbia, seychelles, sierra leone, singapore, slovakia,
    slovenia, somalia, south africa, south korea, north korea, spain, sri lanka, sudan, suriname, sweden, switzerland,
    syria, taiwan, tajikistan, tanzania, thailand, togo, tonga, trinidad, tunisia, turkey, turkmenistan, uganda,
    ukraine, united arab emirates, united states, uruguay, usa, uzbekistan, venezuela, vietnam, yemen, zambia, zimbabwe,
    us, uae""")

_CODES: Final = """
    AK AL AZ AR CA CO CT DC DE FL GA HI IA IL KS KY LA MD MA MI MN MS MO MT NC ND NE NH NJ NM NV NY OH OK PA RI SC
    SD TN TX UT VA VT WA WI WV WY AB BC MB NB NL NS NT NU PE QC SK NSW QLD VIC TAS
"""

PROVINCE_CODES: Final = frozenset(_CODES.split())
"""Postal codes of states and provinces, without those that are English words in capitals."""
