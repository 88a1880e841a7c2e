"""Pages of the chat. The words of a running turn come by socket; see docs/protocol.md.

Templates and what they are given:

``conversations/chat.html`` (addresses "chat" and "conversation"; ``list.html`` is its left side)
    ``conversation``  the open one, or None on the empty page
    ``groups``        the person's conversations by day, newest first: tuples
                      ``(label, conversations)`` with labels such as "Today"
    ``turns``         a list for ``{{ turns|json_script:"turns" }}``, oldest first, each
                      ``{"id", "question", "status", "started", "events"}``: the events of
                      docs/protocol.md for the same reducer; a running turn has none: attach to it
                      after 0
    ``collections``   readable collections, ``{"id", "name", "description"}``, for a picker and
                      for ``json_script``
    ``model``         ``{"name", "demo"}``, or None when the model server cannot be asked
    ``question_max``  the longest question, in characters
``conversations/list.html`` (address "conversations", for htmx or fetch; also included)
    ``groups`` and ``conversation`` (None when fetched alone)
``conversations/source.html`` (address "source": a fragment, no page around it)
    ``source``        the row: ``number``, ``title``, ``page``
    ``passage``       ``{"text", "heading", "document", "collection"}``, or None when it is gone or
                      may not be read any more; the answer's status is then 410
POST "rename-conversation" (field ``title``) answers with the list; POST "delete-conversation"
answers 204 with ``HX-Redirect`` to "chat" for htmx, and redirects there otherwise.
"""
