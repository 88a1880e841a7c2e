"""The application in one of several web processes, which ends with the one that keeps them."""

from chatapp.launch import lineage

lineage.die_with_parent()

from chatapp.asgi import application  # noqa: E402  the parent may be gone before this is done

__all__ = ["application"]
