"""Search in a collection: ``/v1/vector_stores/{id}/search``.

What asks for something that is not there (filters by attributes, other rankers, a rewritten
query) is refused.
Source: https://platform.openai.com/docs/api-reference/vector-stores/search.
"""

from typing import Annotated, Literal

from django.conf import settings
from fastapi import APIRouter
from pydantic import BaseModel, Field

from chatapp.api.searching import Wanted, search
from chatapp.api.v1.calling import Number, Reader
from chatapp.api.v1.kinds import No, Numeric, Strict
from chatapp.api.v1.store_files import Words
from rag.passage import Passage

MOST_QUERIES = 8
MOST_RESULTS = 50
router = APIRouter(prefix="/v1/vector_stores/{vector_store_id}/search", tags=["Vector stores"])
Query = Annotated[str, Field(max_length=settings.QUESTION_MAX_CHARS, pattern=r"\S")]


class Ranking(Strict):
    """``score_threshold`` is the least cosine of query and passage."""

    ranker: Literal["auto", "none"] = "auto"
    score_threshold: Annotated[float, Field(ge=0, le=1), Numeric] = 0.0


class SearchRequest(Strict):
    query: Query | Annotated[list[Query], Field(min_length=1, max_length=MOST_QUERIES)]
    max_num_results: Annotated[int, Field(ge=1, le=MOST_RESULTS), Numeric] = 10
    ranking_options: Ranking | None = None
    filters: None = None
    rewrite_query: No | None = None

    @property
    def queries(self) -> tuple[str, ...]:
        return (self.query,) if isinstance(self.query, str) else tuple(self.query)

    def wanted(self) -> Wanted:
        """What is asked for."""
        least = self.ranking_options.score_threshold if self.ranking_options else 0.0
        return Wanted(self.queries, self.max_num_results, least)


class SearchResult(BaseModel):
    """``heading`` and ``page``, which OpenAI's API does not have, say where in the file."""

    file_id: str
    filename: str
    heading: str
    page: int | None
    score: float
    attributes: dict[str, str] = {}
    content: list[Words]


class SearchResults(BaseModel):
    object: Literal["vector_store.search_results.page"] = "vector_store.search_results.page"
    search_query: list[str]
    data: list[SearchResult]
    has_more: Literal[False] = False
    next_page: None = None


def result(passage: Passage) -> SearchResult:
    return SearchResult(
        file_id=passage.vector_id.rpartition(":")[0],
        filename=passage.title,
        heading=passage.heading,
        page=passage.page,
        score=passage.score,
        content=[Words(text=passage.text)],
    )


@router.post("", summary="Search a collection")
async def search_store(
    vector_store_id: Number, asked: SearchRequest, caller: Reader
) -> SearchResults:
    """The passages that an answer would be given, each judged by the guard."""
    found = await search(caller, vector_store_id, asked.wanted())
    return SearchResults(search_query=list(asked.queries), data=[result(each) for each in found])
