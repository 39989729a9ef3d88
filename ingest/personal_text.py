"""Persons in free text: e-mail addresses, numbers, networks, streets and names are taken out by their form.

What has no form of its own (a bare name) cannot be found this way: fields that name a person are dropped by
`ingest.privacy`, and `ingest.named_people` finds whom they named. What is taken out leaves a word in brackets
so that a reader knows, and text that was cleaned once stays as it is.
"""

import re
from ipaddress import ip_address

from ingest.user_agents import family

_RUN = re.compile(r"\d(?!\d{0,3}-\d\d-\d\d(?!\d))[\d ().:/-]{5}")
_NUMBER_BESIDE = re.compile(r"\d[A-Za-z]?,? [A-Za-zÀ-Þ]|[a-zß.] \d")
_TITLE = re.compile(r"[MDPHF](?:rs?|s|iss|me|x|rof|errn?|rau|adame|onsieur)\b")
_COLON = re.compile(r"[A-Za-z][\"']?\s?[:=](?!//)|:[0-9A-Fa-f]{0,4}:")
_clean: set[str] = set()
"""Texts in which nothing was found: senders write the same ones again and again."""
_MOST_REMEMBERED, _LONGEST_REMEMBERED = 20_000, 120

_QUERY = re.compile(r"(?<=[\w/.~%-])\?[\w.~%\[\]-]+=[^\s\"'<>]*|(?<=://)[^\s/@\"']+@(?=[\w.-]+)")
_EMAIL = re.compile(r"[\w.!#$&'*+^`|~-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_LABELLED = re.compile(
    r"""\b((?:(?:customer|holder|guest|buyer|attendee|contact|first|last|full|family|given|sur)[ _-]?name"""
    r"""|e-?mail|tele(?:phone|fon)|phone|mobile|tel|address|adresse|birthday|date of birth|passport|ssn)"""
    r"""["']?\s?[:=]\s?["']?)[^\s,;|"'{}()\n][^,;|"'{}()\n]{0,80}""",
    re.IGNORECASE,
)
_TITLED = re.compile(
    r"\b((?:Mrs?|Ms|Miss|Mme|Mx|Dr|Prof|Herrn?|Frau|Madame|Monsieur)\b\.?) "
    r"(?:[A-ZÀ-Þ][\w'’.-]*)(?: [A-ZÀ-Þ][\w'’-]+){0,2}"
)
_STREET = re.compile(
    r"\b\d{1,5}[a-zA-Z]?,? (?:[A-ZÀ-Þ][\w'’-]+ ){1,4}"
    r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Close|Court|Square|Terrace|Crescent|Gardens|Boulevard)\b\.?"
    r"|\b\d{1,5},? (?:[Rr]ue|[Aa]venue|[Bb]oulevard|[Pp]lace) (?:[\w'’-]+ ?){1,4}"
    r"|\b[A-ZÄÖÜ][\wäöüß.-]*(?:str(?:aße|asse|\.)|weg|platz|allee|gasse|ufer|damm) \d{1,4}[a-z]?\b"
)
_CARD = re.compile(r"(?<![\w.-])[2-6](?:[ -]?\d){12,18}(?![\w])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d)")
_IPV6 = re.compile(
    r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4})(?![\w:])"
)
_PHONE = re.compile(
    r"(?<![\w.,:/+-])(?!\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?!\d))"
    r"(?:\+\d(?:[ ()./-]{0,2}\d){6,14}|\(0?\d{1,4}\)(?:[ ./-]?\d){5,11}|0\d(?:[ ./-]?\d){7,11}"
    r"|00[1-9](?:[ ./-]?\d){8,13}|\d{3}[ .-]\d{3}[ .-]\d{4})(?![\w:])"
)
SHORTEST_PHONE = 10**10
_USER_AGENT = re.compile(r"Mozilla/\d[^\"\n]*")


def is_suspect(text: str) -> bool:
    """Whether a closer look is worth it; False means that `scrubbed` would change nothing."""
    if text in _clean or text.isalpha():
        return False
    if (
        "@" in text
        or "%40" in text
        or "?" in text
        or "Mozilla/" in text
        or _RUN.search(text) is not None
        or (" " in text and (_NUMBER_BESIDE.search(text) is not None or _TITLE.search(text) is not None))
        or (("=" in text or ":" in text) and _COLON.search(text) is not None)
    ):
        return True
    _remember(text)
    return False


def scrubbed(text: str) -> str:
    """The text without what identifies a person by its form."""
    if not is_suspect(text):
        return text
    found = _scrubbed(text)
    if found == text:
        _remember(text)
    return found


def _remember(text: str) -> None:
    if len(text) <= _LONGEST_REMEMBERED:
        if len(_clean) >= _MOST_REMEMBERED:
            _clean.clear()
        _clean.add(text)


def _scrubbed(text: str) -> str:
    text = _USER_AGENT.sub(lambda found: family(found[0]), text)
    text = _QUERY.sub("", text)
    text = without_addresses(text)
    text = _LABELLED.sub(r"\1(removed)", text)
    text = _TITLED.sub(r"\1 (name removed)", text)
    text = _STREET.sub("(address removed)", text)
    if not any(map(str.isdigit, text)):
        return text
    text = without_cards(text)
    text = _IBAN.sub(lambda found: "(number removed)" if _is_iban(found[0]) else found[0], text)
    return _PHONE.sub("(phone removed)", text)


def without_addresses(text: str) -> str:
    """The text without e-mail and network addresses: these are taken out of identifiers, too."""
    if "@" in text or "%40" in text:
        text = _EMAIL.sub("(e-mail removed)", text)
    text = _IPV4.sub(_if_address, text)
    return _IPV6.sub(_if_address, text) if ":" in text else text


def without_cards(text: str) -> str:
    """The text without numbers that could be payment cards': taken out of most identifiers, too."""
    return _CARD.sub(lambda found: "(number removed)" if is_card(found[0]) else found[0], text)


def is_phone(number: int) -> bool:
    """Whether a bare number has the form of an international telephone number.

    Of those that begin with 1 or 7 only 11 digits have, so no time in milliseconds is taken for one.
    """
    digits = str(number)
    return len(digits) == 11 or (len(digits) in (12, 13) and digits[0] not in "17")


def is_card(digits: str | int) -> bool:
    """Whether these could be a payment card's: 13 to 19 digits, of a known beginning, with Luhn's check."""
    plain = [int(digit) for digit in str(digits) if digit.isdigit()]
    if not 13 <= len(plain) <= 19 or plain[0] not in (2, 3, 4, 5, 6):
        return False
    if plain[0] == 2 and not (len(plain) == 16 and [2, 2, 2, 1] <= plain[:4] <= [2, 7, 2, 0]):
        return False
    doubled = [d if place % 2 else (2 * d - 9 if d > 4 else 2 * d) for place, d in enumerate(plain[-2::-1])]
    return (sum(doubled) + plain[-1]) % 10 == 0


def _is_iban(text: str) -> bool:
    plain = text.replace(" ", "")
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _if_address(found: re.Match[str]) -> str:
    try:
        ip_address(found[0])
    except ValueError:
        return found[0]
    return "(address removed)" if found[0] != "::" else found[0]
