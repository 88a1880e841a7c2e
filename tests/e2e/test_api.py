"""The official client, unchanged, on the whole running product."""

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest
from openai import OpenAI
from playwright.sync_api import Page

from tests.e2e.people import sign_in
from tests.e2e.stack import Stack

NOTES = {
    "sailing.md": b"# Sailing\n\nThe sailing club of the company meets at pier eleven.\n",
    "pottery.md": b"# Pottery\n\nThe kiln of the pottery group is lit on Thursdays.\n",
}


@pytest.fixture
def client(page: Page, stack: Stack) -> Iterator[OpenAI]:
    """With a key that an admin has just made on the page."""
    sign_in(page, stack.sign_ins["Admin"])
    page.goto("/account/keys/")
    page.get_by_label("What it is for").fill("test")
    for scope in page.get_by_role("group", name="What it may do").get_by_role("checkbox").all():
        scope.check()
    page.get_by_role("button", name="Make key").click()
    key = page.get_by_label("Key", exact=True).input_value()
    with OpenAI(api_key=key, base_url=f"{stack.url}/v1", max_retries=0) as client:
        yield client


def test_what_is_sent_is_found_answered_from_and_gone_when_it_is_deleted(client: OpenAI) -> None:
    store = client.vector_stores.create(
        name=f"Clubs {uuid4().hex[:6]}", extra_body={"readers": ["Everyone"]}
    )
    sailing = client.vector_stores.files.upload_and_poll(
        vector_store_id=store.id, file=("sailing.md", NOTES["sailing.md"])
    )
    assert (sailing.status, sailing.last_error) == ("completed", None)
    batch = client.vector_stores.file_batches.upload_and_poll(
        store.id,
        files=[("pottery.md", NOTES["pottery.md"]), ("broken.pdf", b"%PDF-1.7 and nothing more")],
    )
    assert (batch.file_counts.completed, batch.file_counts.failed) == (1, 1)

    found = client.vector_stores.search(store.id, query="Where does the sailing club meet?")
    assert (found.data[0].file_id, found.data[0].filename) == (sailing.id, "sailing.md")
    assert "pier eleven" in found.data[0].content[0].text

    answer = client.chat.completions.create(
        model=client.models.list().data[0].id,
        messages=[{"role": "user", "content": "Where does the sailing club meet?"}],
        extra_body={"collections": [store.id]},
    )
    message = answer.choices[0].message
    assert message.content
    assert message.model_extra
    assert sailing.id in [source["file_id"] for source in message.model_extra["sources"]]
    for annotation in message.annotations or ():
        cited = annotation.url_citation
        assert re.fullmatch(r"\[\d+\]", message.content[cited.start_index : cited.end_index])

    client.files.delete(sailing.id)
    again = client.vector_stores.search(store.id, query="Where does the sailing club meet?")
    assert sailing.id not in [each.file_id for each in again.data]
    assert client.vector_stores.delete(store.id).deleted
