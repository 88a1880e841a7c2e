"""From a file to its text: one module a format, each run in a child process under limits.

:func:`extract` is the whole interface. The format is judged by the file's content, in
:mod:`rag.extract.kinds`; the name is only a hint between formats that are all plain text.
"""

from rag.extract.errors import ExtractError
from rag.extract.limits import Limits
from rag.extract.sandbox import extract

__all__ = ["ExtractError", "Limits", "extract"]
