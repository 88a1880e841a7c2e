"""Errors of model backends, each with a sentence for the person who waits.

BackendError
├── Unreachable        no connection, or it broke
├── TimedOut           connected, but silent for too long
├── Overloaded         the server says that it is busy (429, 503)
│   └── StillLoading   the server loads its model
├── ModelMissing       the server does not serve that model (404)
├── ModelChanged       the server serves other weights under its name than those pinned
├── ContextExceeded    the request is longer than the model's context
├── Refused            the server refuses the request or our key (other 4xx)
│   ├── CannotSee      the model takes no images
│   └── TooLarge       the model does not fit into the server's memory
└── Malformed          an answer that does not follow the protocol, or a 5xx
"""


class BackendError(Exception):
    """``sentence`` is for the person; ``str(error)`` is for the operator's log."""

    sentence = "The model could not answer."
    retry_after: float | None = None
    """Seconds after which the server says that it may be asked again."""


class Unreachable(BackendError):
    sentence = "The model server cannot be reached. Your question is kept; try again in a minute."


class TimedOut(BackendError):
    sentence = "The model took too long. Your question is kept; try again."


class Overloaded(BackendError):
    sentence = "The model is busy. Your question is kept; try again in a minute."


class StillLoading(Overloaded):
    sentence = "The model is being loaded. Your question is kept; try again in a minute."


class ModelMissing(BackendError):
    sentence = "The model server does not serve this model. Ask an admin to look at it."


class ModelChanged(BackendError):
    sentence = (
        "This model was changed on its server, and is withheld until an admin has looked at it."
    )


class ContextExceeded(BackendError):
    sentence = (
        "The question, with what belongs to it, is too long for this model."
        " Shorten it, or use fewer images."
    )


class Refused(BackendError):
    sentence = "The model server refused the request. Ask an admin to look at it."


class CannotSee(Refused):
    sentence = "This model cannot look at images. Choose another model, or ask without them."


class TooLarge(Refused):
    sentence = "This model does not fit into its server's memory. Ask an admin to look at it."


class Malformed(BackendError):
    sentence = "The model server sent an answer that makes no sense. Try again."
