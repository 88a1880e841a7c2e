"""Pages of the chat. The words of a running turn come by socket; see docs/protocol.md.

Templates and what they are given:

``conversations/chat.html`` (addresses "chat" and "conversation"; ``list.html`` is its left side)
    ``conversation``  the open one, or None on the empty page
    ``groups``        the person's conversations by day, newest first: tuples
                      ``(label, conversations)`` with labels such as "Today"
    ``turns``         a list for ``{{ turns|json_script:"turns" }}``: the branch that is shown, as
                      docs/protocol.md describes it
    ``collections``   readable collections, ``{"id", "name", "description"}``, for a picker and
                      for ``json_script``
    ``examples``      questions about documents that this person may read, on the empty page
    ``models``        those that the person may use, as docs/protocol.md describes them, the one
                      that answers where they choose none first; for ``json_script``
    ``chosen``        id of the model that the branch which is shown was answered by last, or ""
    ``effort``        how much that one was asked to reason, or ""
    ``model``         that one, or the first, with ``name`` and ``demo``; None when it cannot be
                      told now
    ``question_max``  the longest question, in characters
    ``files``         those that are attached, as docs/protocol.md describes them, and
    ``max_files``, ``max_file_megabytes``: how many and how large they may be
    ``temporary_minutes``  how long a temporary conversation outlives its last window
    ``reasons``       why an answer helped ("yes") or not ("no"), for ``json_script``
``conversations/source.html`` (address "source": a fragment, no page around it)
    ``source``        the row: ``number``, ``title``, ``page``
    ``passage``       ``{"text", "heading", "document", "collection"}``, or None when it is gone or
                      may not be read any more; the answer's status is then 410
"""

from pathlib import PurePath
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_POST

from chatapp import access, wiring
from chatapp.accounts.models import User
from chatapp.catalog.choice import choices_of
from chatapp.conversations import feedback, files, services
from chatapp.conversations.listing import listed
from chatapp.conversations.presentation import shown_branch
from chatapp.conversations.problems import NotFound
from chatapp.conversations.refusals import answering_problems
from chatapp.library.models import Chunk, State

FILES = "Files of this conversation"
EXAMPLES = (
    "What are the main points of “{}”?",
    "What should I know from “{}”?",
    "Sum up “{}” in a few sentences.",
)


@require_GET
def chat(request: HttpRequest, conversation: UUID | None = None) -> HttpResponse:
    """The empty page, or one conversation."""
    user = access.signed_in(request)
    opened = None
    if conversation is not None:
        opened = get_object_or_404(access.own_conversations(user), id=conversation)
    readable = access.readable_collections(user).values("id", "name", "description")
    models = choices_of(access.usable_models(user))
    shown = shown_branch(user, opened) if opened else []
    chosen = shown[-1]["chosen"] if shown else ""
    model = next((each for each in models if str(each.id) == chosen), next(iter(models), None))
    context = {
        "groups": listed(user),
        "conversation": opened,
        "turns": shown,
        "collections": [{**row, "id": str(row["id"])} for row in readable],
        "examples": [] if opened else _examples(user),
        "models": [each.as_json() for each in models],
        "chosen": chosen,
        "effort": shown[-1]["effort"] if shown else "",
        "model": wiring.model_for_page(model.id) if model else None,
        "question_max": settings.QUESTION_MAX_CHARS,
        "reasons": feedback.choices(),
        "files": [files.told(each) for each in files.of(user, opened.id)] if opened else [],
        "max_files": settings.CHAT_FILES_MAX,
        "max_file_megabytes": min(settings.CHAT_FILES_MAX_MB, settings.UPLOAD_MAX_MB),
        "temporary_minutes": settings.TEMPORARY_CHAT_MINUTES,
    }
    return render(request, "conversations/chat.html", context)


@require_GET
def models(request: HttpRequest) -> JsonResponse:
    """The models that the person may use, as they stand now."""
    usable = access.usable_models(access.signed_in(request))
    return JsonResponse({"models": [each.as_json() for each in choices_of(usable)]})


@require_GET
def turns(request: HttpRequest, conversation: UUID) -> JsonResponse:
    """The last turns of the branch that is shown, or those before the turn ``before``."""
    user = access.signed_in(request)
    opened = get_object_or_404(access.own_conversations(user), id=conversation)
    try:
        before = UUID(request.GET["before"]) if "before" in request.GET else None
        return JsonResponse({"turns": shown_branch(user, opened, before)})
    except (NotFound, ValueError):
        raise Http404 from None


@require_POST
@answering_problems
def choose_branch(request: HttpRequest, turn: UUID) -> JsonResponse:
    """Shows the branch that goes through a turn."""
    user = access.signed_in(request)
    opened = services.choose_branch(user, turn)
    return JsonResponse({"turns": shown_branch(user, opened)})


@require_GET
def source(request: HttpRequest, turn: UUID, number: int) -> HttpResponse:
    """The words of a source, as long as the person may still read them; 410 after that."""
    user = access.signed_in(request)
    found = get_object_or_404(access.own_sources(user), turn=turn, number=number)
    readable = access.readable_chunks(user).filter(id=found.chunk_id or 0)
    chunk = readable.select_related("document__collection").first()
    context = {"source": found, "passage": chunk and _passage(chunk)}
    status = 410 if chunk is None else 200
    return render(request, "conversations/source.html", context, status=status)


def _passage(chunk: Chunk) -> dict[str, str]:
    document = chunk.document
    return {
        "text": chunk.text,
        "heading": chunk.heading,
        "document": document.name,
        "collection": FILES if document.collection.attached else document.collection.name,
    }


def _examples(user: User) -> list[str]:
    """Questions that can be answered: each names a document. In the order of their random ids,
    since any will do and thousands need not be sorted for it."""
    ready = access.readable_documents(user).filter(state=State.READY, held_back=0, passages__gt=0)
    names = ready.order_by("pk").values_list("name", flat=True)[: len(EXAMPLES)]
    return [
        question.format(PurePath(name).stem)
        for question, name in zip(EXAMPLES, names, strict=False)
    ]
