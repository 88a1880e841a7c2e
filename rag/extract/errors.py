"""What goes wrong when a file is read."""

from rag.passage import RagError

DAMAGED = "This file cannot be read: it seems to be damaged."
NO_TEXT = "This file holds no text."
TOO_BIG = "This file needs more memory than one file may use: split it into smaller files."
TOO_LONG = "This file holds more text than one file may: split it into smaller files."
TOO_SLOW = "This file takes too long to read: split it into smaller files."
CRASHED = "This file cannot be read: it is damaged, or needs more memory than one file may use."
PROTECTED = "This file is protected by a password: remove the password and upload it again."


class ExtractError(RagError):
    """The file gives no text; ``str(error)`` is a sentence for the person who uploaded it."""
