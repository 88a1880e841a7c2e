"""Numbers that belong to one person, each with its check digits: payment cards, bank accounts,
US social security numbers. Names and e-mail addresses are everyday in a company's documents."""

import re
from collections.abc import Iterator

from guardrails.verdict import PERSONAL_DATA, Finding

# ISO/IEC 7812: 13 to 19 digits; first digit of the networks that issue payment cards.
CARD = re.compile(r"(?<![\w.-])[2-6](?:[ -]?[0-9]){12,18}(?![\w-])")
IBAN = re.compile(r"\b[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]){11,30}")
# Social Security Administration: no area 000, 666 or 9xx, no group 00, no serial 0000.
SSN = re.compile(r"(?<![\w-])(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![\w-])")
# Length by country; source: SWIFT's IBAN registry, release 99.
IBAN_LENGTHS = {
    **dict.fromkeys(("NO",), 15), **dict.fromkeys(("BE",), 16),
    **dict.fromkeys(("DK", "FI", "FO", "GL", "NL", "SD"), 18), **dict.fromkeys(("MK", "SI"), 19),
    **dict.fromkeys(("AT", "BA", "EE", "KZ", "LT", "LU", "XK"), 20),
    **dict.fromkeys(("CH", "CR", "HR", "LI", "LV"), 21),
    **dict.fromkeys(("BG", "BH", "DE", "GB", "GE", "IE", "ME", "RS", "VA"), 22),
    **dict.fromkeys(("AE", "GI", "IL", "IQ", "OM", "SO", "TL"), 23),
    **dict.fromkeys(("AD", "CZ", "ES", "MD", "PK", "RO", "SA", "SE", "SK", "TN", "VG"), 24),
    **dict.fromkeys(("LY", "PT", "ST"), 25), **dict.fromkeys(("IS", "TR"), 26),
    **dict.fromkeys(("BI", "DJ", "FR", "GR", "IT", "MC", "MR", "SM"), 27),
    **dict.fromkeys(("AL", "AZ", "BY", "CY", "DO", "GT", "HU", "LB", "NI", "PL", "SV"), 28),
    **dict.fromkeys(("BR", "EG", "PS", "QA", "UA"), 29), **dict.fromkeys(("JO", "KW", "MU"), 30),
    **dict.fromkeys(("MT", "SC"), 31), **dict.fromkeys(("LC",), 32), **dict.fromkeys(("RU",), 33),
}  # fmt: skip


def personal_data(text: str) -> Iterator[Finding]:
    """Each such number as PERSONAL_DATA, with its place."""
    for match in CARD.finditer(text):
        if _passes_luhn([int(digit) for digit in match[0] if digit.isdigit()]):
            yield Finding(PERSONAL_DATA, 1.0, match.start(), match.end())
    for match in IBAN.finditer(text):
        length = _iban_length(match[0])
        if length:
            yield Finding(PERSONAL_DATA, 1.0, match.start(), match.start() + length)
    for match in SSN.finditer(text):
        yield Finding(PERSONAL_DATA, 1.0, match.start(), match.end())


def _passes_luhn(digits: list[int]) -> bool:
    """The Luhn check (ISO/IEC 7812-1, annex B), and not one digit over and over."""
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0 and len(set(digits)) > 1


def _iban_length(match: str) -> int:
    """How many characters of ``match``, separators included, are a valid IBAN; 0 if none."""
    wanted = IBAN_LENGTHS.get(match[:2], 0)
    places = [at for at, character in enumerate(match) if character.isalnum()]
    if not wanted or len(places) < wanted:
        return 0
    iban = "".join(match[at] for at in places[:wanted])
    # ISO 7064 mod 97-10: the first four characters go last, letters count from A = 10.
    number = "".join(str(int(character, 36)) for character in iban[4:] + iban[:4])
    return places[wanted - 1] + 1 if int(number) % 97 == 1 else 0
