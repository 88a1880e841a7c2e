"""What a screen reader hears of an answer: sentences, once each."""

import pytest
from playwright.sync_api import Page

HEARD = """async (pieces) => {
  const { Announcer } = await import("/static/js/chat/announce.js");
  const region = document.createElement("div");
  const heard = [];
  const announcer = new Announcer(region);
  announcer.say = (words) => words && heard.push(words);
  announcer.start();
  let text = "";
  pieces.forEach((piece, index) => {
    text += piece;
    announcer.follow(text, index === pieces.length - 1);
  });
  return heard;
}"""
TEXT = (
    "You have **28 days** [1]. Ask your manager! See [the form](https://a.example).\n\n- one\n- two"
)
SENTENCES = ["You have 28 days .", "Ask your manager!", "See the form.", "one", "two"]


@pytest.mark.parametrize("step", [1, 2, 3, 7, 200])
def test_sentences_are_heard_once_however_the_text_comes(blank: Page, step: int) -> None:
    pieces = [TEXT[at : at + step] for at in range(0, len(TEXT), step)]
    assert blank.evaluate(HEARD, pieces) == SENTENCES


def test_a_token_is_not_a_sentence(blank: Page) -> None:
    unfinished = blank.evaluate(
        """async () => {
          const { cutSentences } = await import("/static/js/chat/announce.js");
          return cutSentences("You have 28");
        }"""
    )
    assert unfinished == {"sentences": [], "rest": "You have 28"}


def test_the_region_keeps_only_the_last_words(blank: Page) -> None:
    kept = blank.evaluate(
        """async () => {
          const { Announcer } = await import("/static/js/chat/announce.js");
          const region = document.createElement("div");
          const announcer = new Announcer(region);
          for (let n = 0; n < 40; n += 1) announcer.say(`sentence ${n}`);
          return [region.childElementCount, region.lastElementChild.textContent];
        }"""
    )
    assert kept == [12, "sentence 39"]
