"""A cheap estimate of how many word pieces a text is, for embedding models of BERT's kind."""

import re

# A run of Latin letters, a run of digits, or any other visible character.
PART = re.compile(r"[A-Za-z\u00c0-\u024f]+|[0-9]+|[^\s]")
# Measured against the vocabulary of all-MiniLM-L6-v2, which is English: estimate / true is 1.1
# to 1.6 for English prose, tables and code, 1.0 for Chinese and Russian, and 0.74 (Czech) to 0.98
# for other European languages, whose words fall into more pieces.
SHORT_WORD = 5
LETTERS_A_PIECE = 3
DIGITS_A_PIECE = 2


def estimate(text: str) -> int:
    """About how many word pieces ``text`` is: at least three quarters of them."""
    return sum(map(_pieces, PART.findall(text)))


def _pieces(part: str) -> int:
    if len(part) == 1:
        return 1
    if part[0].isdigit():
        return -(-len(part) // DIGITS_A_PIECE)
    return 1 if len(part) <= SHORT_WORD else -(-len(part) // LETTERS_A_PIECE)
