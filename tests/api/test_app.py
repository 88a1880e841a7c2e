"""What the framework says, in OpenAI's words."""

import pytest

from chatapp.api.v1.app import named


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (("body", "messages", 0, "user", "content", "constrained-str"), "messages[0].content"),
        (("body", "messages", 2, "user", "content", "list[AskedPart]", 1, "text"),
         "messages[2].content[1].text"),
        (("body", "user"), "user"),
        (("body",), ""),
        ((), ""),
        (("query", "limit"), "limit"),
    ],
)  # fmt: skip
def test_places_are_named_as_openai_does(place: tuple[str | int, ...], name: str) -> None:
    assert named(place) == name
