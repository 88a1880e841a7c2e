"""Why something that a person asked for cannot be done.

Problem
├── NotFound   no such thing, or not this person's
├── Empty      a question or a title without words
├── Whole      an answer that cannot go on
├── TooLong    a question over QUESTION_MAX_CHARS
├── Busy       too many questions wait in the conversation
├── Refused    a file that is not taken
└── Invalid    a form that no page of ours sends
"""

NO_CONVERSATION = "This conversation does not exist, or it is not yours."
NO_TURN = "This question does not exist, or it is not yours."


class Problem(Exception):
    """``code`` is the protocol's, ``str(error)`` a sentence for the person."""

    code = ""


class NotFound(Problem):
    code = "not_found"


class Empty(Problem):
    code = "empty"


class Whole(Problem):
    code = "whole"


class TooLong(Problem):
    code = "too_long"


class Busy(Problem):
    code = "busy"


class Invalid(Problem):
    code = "invalid"


class Refused(Problem):
    code = "refused"
