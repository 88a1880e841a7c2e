"""Nothing that was not judged is ever yielded, however the stream is cut and the judges dawdle."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from guardrails.guard import Guard
from guardrails.policy import DEFAULT_BODY, Policy, Window
from guardrails.rules.judge import RulesJudge
from guardrails.stream import Check, Held, Released, guarded
from guardrails.verdict import (
    SECRETS,
    Action,
    Decision,
    Finding,
    Judge,
    Stage,
    Subject,
    Verdict,
)
from tests.guardrails.judges import Breaks, Says

POLICY = Policy.from_body(1, DEFAULT_BODY)
SMALL = Window(characters=20, overlap=12, holdback=8, most=40)
HARM = "DANGER"  # shorter than SMALL.holdback, like every match that the window must not leak
SECRET = re.compile(r"#\d{4}#")
LONG_SECRET = re.compile(r"key_[a-z]{3,}")


class Source:
    """A stream of pieces that knows how far it was read and whether it was closed."""

    def __init__(
        self, pieces: Sequence[str], steps: int = 0, error: Exception | None = None
    ) -> None:
        self.pieces = pieces
        self.read = 0
        self.closed = False
        self._steps = steps
        self._error = error

    async def stream(self) -> AsyncGenerator[str, None]:
        try:
            for piece in self.pieces:
                await steps(self._steps)
                self.read += 1
                yield piece
            if self._error:
                raise self._error
        finally:
            self.closed = True


class Checks:
    """Blocks HARM and redacts secrets, after ``delays`` turns of the event loop; remembers what
    it was given."""

    def __init__(self, delays: Sequence[int] = (0,), secret: re.Pattern[str] = SECRET) -> None:
        self.texts: list[str] = []
        self._delays = delays
        self._secret = secret

    async def __call__(self, text: str) -> Decision:
        self.texts.append(text)
        await steps(self._delays[len(self.texts) % len(self._delays)])
        return decide(text, self._secret)


def decide(text: str, secret: re.Pattern[str] = SECRET) -> Decision:
    findings = [Finding(SECRETS, 1.0, *match.span()) for match in secret.finditer(text)]
    if HARM in text:
        findings.append(Finding("S1", 0.9))
    subject = Subject(Stage.RESPONSE, text)
    return POLICY.decide(subject, [Verdict("test", "1", tuple(findings))], [])


async def steps(count: int) -> None:
    """Lets other tasks run ``count`` times."""
    for _ in range(count):
        await asyncio.sleep(0)


async def collect(source: Source, check: Check, window: Window) -> list[Released | Held]:
    async with aclosing(guarded(source.stream(), check, window)) as events:
        return [event async for event in events]


def wire(events: Sequence[Released | Held]) -> str:
    return "".join(event.text for event in events if isinstance(event, Released))


def split(text: str, cuts: Sequence[int]) -> list[str]:
    places = [0, *sorted({cut % (len(text) + 1) for cut in cuts}), len(text)]
    return [text[a:b] for a, b in pairwise(places)]


words = st.sampled_from(
    ["leave ", "is ", "20 days. ", "Ask HR.\n", "#1234#", "#12", "34# ", HARM, "DAN", "GER ", "#"]
)
texts = st.lists(words, max_size=30).map("".join)
cuts = st.lists(st.integers(0, 400), max_size=40)
delays = st.lists(st.integers(0, 12), min_size=1, max_size=5)
windows = st.builds(
    Window,
    characters=st.integers(1, 40),
    overlap=st.integers(0, 30),
    holdback=st.integers(len("#1234#"), 30),
    most=st.integers(80, 200),
)


@given(text=texts, cuts=cuts, delays=delays, window=windows, steps_between=st.integers(0, 3))
@example(text="ab #1234# " * 3, cuts=list(range(40)), delays=[0], window=SMALL, steps_between=0)
@example(text=HARM, cuts=[3], delays=[9], window=SMALL, steps_between=0)
def test_the_wire_has_exactly_what_was_judged_safe(
    text: str, cuts: list[int], delays: list[int], window: Window, steps_between: int
) -> None:
    source, check = Source(split(text, cuts), steps_between), Checks(delays)
    events = asyncio.run(collect(source, check, window))
    released = wire(events)
    helds = [event for event in events if isinstance(event, Held)]
    safe = text.partition(HARM)[0]
    if HARM in text:
        assert decide(safe).text.startswith(released)
        assert events[-1:] == helds
        assert len(helds) == 1
        assert helds[0].decision.action is Action.BLOCK
    else:
        assert released == decide(text).text
        assert helds == []
    assert source.closed


@given(text=texts, cuts=cuts, delays=delays, window=windows, place=st.integers(0, 400))
def test_what_was_shown_before_is_judged_with_what_follows_and_not_shown_again(
    text: str, cuts: list[int], delays: list[int], window: Window, place: int
) -> None:
    shown, rest = text[: place % (len(text) + 1)], text[place % (len(text) + 1) :]
    source, check = Source(split(rest, cuts)), Checks(delays, secret=re.compile("$^"))

    async def collected() -> list[Released | Held]:
        events = guarded(source.stream(), check, window, shown=shown)
        async with aclosing(events):
            return [event async for event in events]

    events = asyncio.run(collected())
    assert all(seen.startswith(shown) for seen in check.texts[:1])
    if HARM in text:
        assert isinstance(events[-1], Held)
        assert HARM not in shown + wire(events) or HARM in shown
    else:
        assert wire(events) == rest
    assert source.closed


@given(text=st.text(alphabet="ab. \n", max_size=200), cuts=cuts, delays=delays, window=windows)
def test_what_is_released_stood_in_a_text_that_was_judged_before(
    text: str, cuts: list[int], delays: list[int], window: Window
) -> None:
    source, check = Source(split(text, cuts)), Checks(delays)

    async def run() -> None:
        so_far = ""
        async with aclosing(guarded(source.stream(), check, window)) as events:
            async for event in events:
                assert isinstance(event, Released)
                so_far += event.text
                assert event.text in check.texts[-1]
                assert text.startswith(so_far)
        assert so_far == text
        assert not text or check.texts[-1] == text

    asyncio.run(run())


@pytest.mark.parametrize("at", range(len("Here: DANGER follows.") + 1))
async def test_a_match_that_straddles_two_pieces_never_leaks(at: int) -> None:
    text = "Here: DANGER follows."
    source = Source([text[:at], text[at:]])
    events = await collect(source, Checks(), SMALL)
    assert "D" not in wire(events)
    assert isinstance(events[-1], Held)


@given(cuts=cuts, delays=delays, length=st.integers(3, 90))
def test_a_secret_longer_than_the_window_never_leaks(
    cuts: list[int], delays: list[int], length: int
) -> None:
    text = f"The key is key_{'x' * length}, keep it."
    window = Window(characters=20, overlap=12, holdback=8, most=200)
    check = Checks(delays, LONG_SECRET)
    events = asyncio.run(collect(Source(split(text, cuts)), check, window))
    assert wire(events) == "The key is [secret removed], keep it."


async def test_a_secret_that_may_go_on_is_kept_back_even_without_a_hold_back() -> None:
    source = Source(["The key: key_abcdef", "ghij. It is new."], steps=5)
    window = Window(characters=5, overlap=12, holdback=0, most=200)
    events = await collect(source, Checks(secret=LONG_SECRET), window)
    assert wire(events) == "The key: [secret removed]. It is new."


async def test_a_secret_without_an_end_is_withheld_rather_than_kept_for_ever() -> None:
    source = Source(["key_"] + ["x" * 10] * 100)
    events = await collect(source, Checks(secret=LONG_SECRET), SMALL)
    assert wire(events) == ""
    assert isinstance(events[-1], Held)
    assert source.read < 20


async def test_a_block_closes_the_source_before_it_is_told() -> None:
    source = Source(["All is well. Quite well. ", HARM, *["more. "] * 1000])
    async with aclosing(guarded(source.stream(), Checks(), SMALL)) as events:
        async for event in events:
            if isinstance(event, Held):
                assert source.closed
                break
        else:
            pytest.fail("nothing was held")
    assert source.read < 20


async def test_an_outer_generator_that_ends_early_closes_the_inner_one() -> None:
    source = Source(["Well. "] * 1000)
    async with aclosing(guarded(source.stream(), Checks(), SMALL)) as events:
        async for _event in events:
            break
    assert source.closed
    assert source.read < 50


async def test_cancelling_while_a_judge_thinks_closes_the_source_and_cancels_the_judge() -> None:
    source, thinking, stopped = Source(["Well. "] * 10), asyncio.Event(), asyncio.Event()

    async def check(_text: str) -> Decision:
        thinking.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        raise AssertionError

    task = asyncio.create_task(collect(source, check, SMALL))
    await thinking.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert source.closed
    assert stopped.is_set()


async def test_reading_goes_on_while_a_judge_thinks_but_not_without_end() -> None:
    source, thinking, go_on = Source(["12345 78. "] * 100), asyncio.Event(), asyncio.Event()

    async def check(text: str) -> Decision:
        thinking.set()
        await go_on.wait()
        return decide(text)

    task = asyncio.create_task(collect(source, check, SMALL))
    await thinking.wait()
    await steps(200)
    # What is judged now, and SMALL.most beside it; then reading waits.
    assert 4 <= source.read <= 6
    go_on.set()
    assert wire(await task) == "12345 78. " * 100


async def test_when_judging_is_slow_the_next_part_is_longer() -> None:
    check = Checks(delays=[30])
    await collect(Source(["A word. "] * 20, steps=1), check, Window())
    assert len(check.texts) < 10


async def test_the_text_judged_holds_what_was_released_before_it() -> None:
    check = Checks()
    source = Source(["One two three four, and more. ", "Five six. ", "Seven."], steps=5)
    await collect(source, check, SMALL)
    # The last 12 characters before "nd more. ", which the first judgement left held back.
    assert check.texts[1] == "ree four, and more. Five six. "


async def test_the_whole_answer_is_judged_at_the_end() -> None:
    text = "It begins well. It goes on well. It ends well, too."
    check = Checks()
    await collect(Source(split(text, range(0, 60, 5))), check, SMALL)
    assert check.texts[-1] == text


async def test_harm_that_only_the_whole_shows_withholds_the_rest() -> None:
    """Each part is harmless; the last check sees them together."""
    text = "First take the one. " + "Then wait a good while, it says. " * 4 + "Then add the other."

    async def check(part: str) -> Decision:
        together = "the one" in part and "the other" in part
        return decide(HARM if together else part)

    events = await collect(Source(split(text, range(0, 400, 7))), check, SMALL)
    assert isinstance(events[-1], Held)
    assert text.startswith(wire(events))
    assert "the other" not in wire(events)


async def test_a_judge_that_fails_in_mid_stream_withholds_the_rest() -> None:
    judges: list[Judge] = [Says(), Breaks(ValueError("out of memory"))]
    asked = 0

    async def check(text: str) -> Decision:
        nonlocal asked
        asked += 1
        guard = Guard(judges[: 1 if asked == 1 else 2], POLICY, 5)
        return await guard.check(Subject(Stage.RESPONSE, text))

    source = Source(["The first part is fine. ", "The second is not judged. "], steps=3)
    events = await collect(source, check, SMALL)
    assert wire(events) == "The first part i"
    assert isinstance(events[-1], Held)
    assert events[-1].decision.message == POLICY.failure_message
    assert events[-1].decision.failures[0].reason.endswith("out of memory")


async def test_a_check_that_raises_releases_nothing_more() -> None:
    async def check(_text: str) -> Decision:
        raise RuntimeError("no guard")

    source = Source(["Well. "] * 10)
    with pytest.raises(RuntimeError, match="no guard"):
        await collect(source, check, SMALL)
    assert source.closed


async def test_an_error_of_the_source_is_raised_after_what_came_before_it() -> None:
    source = Source(["All is well", " so far"], error=ConnectionError("gone"))
    async with aclosing(guarded(source.stream(), Checks(), SMALL)) as events:
        assert wire([await anext(events)]) == "All is well so far"
        with pytest.raises(ConnectionError, match="gone"):
            await anext(events)
    assert source.closed


async def test_a_silent_model_is_no_answer_and_is_not_judged() -> None:
    check = Checks()
    assert await collect(Source([]), check, SMALL) == []
    assert await collect(Source(["", ""]), check, SMALL) == []
    assert check.texts == []


async def test_each_finding_is_told_once_and_a_plain_pass_once() -> None:
    async def check(text: str) -> Decision:
        findings = (Finding("S6", 0.8),) if "tax" in text else ()
        subject = Subject(Stage.RESPONSE, text)
        return POLICY.decide(subject, [Verdict("test", "1", findings)], [])

    text = "Welcome to all of you. " * 3 + "The tax is low. " + "That is all there is. " * 3
    events = await collect(Source(split(text, range(0, 200, 4)), steps=1), check, SMALL)
    told = [
        event.decision.action for event in events if isinstance(event, Released) and not event.told
    ]
    assert told == [Action.ALLOW, Action.FLAG]
    assert wire(events) == text


async def test_rules_redact_a_card_number_that_comes_digit_by_digit() -> None:
    text = "Your card 4111 1111 1111 1111 was charged. Anything else?"
    guard = Guard([RulesJudge()], POLICY, 5)

    async def check(part: str) -> Decision:
        return await guard.check(Subject(Stage.RESPONSE, part))

    events = await collect(Source(list(text), steps=1), check, POLICY.window)
    assert wire(events) == "Your card [personal data removed] was charged. Anything else?"


@pytest.mark.parametrize("hidden", ["\u200b", "\u200b" * 3, "\u2060\u200d" * 20], ids=len)
async def test_hidden_characters_do_not_part_a_secret_from_itself(hidden: str) -> None:
    key = "AKIAIOSFODNN7EXAMPLE"
    text = f"The key is {hidden.join(key)}, keep it. " + "It opens every door of the house. " * 5
    guard = Guard([RulesJudge()], POLICY, 5)

    async def check(part: str) -> Decision:
        return await guard.check(Subject(Stage.RESPONSE, part))

    events = await collect(Source(split(text, range(0, len(text), 4)), 3), check, POLICY.window)
    assert wire(events).startswith("The key is [secret removed], keep it. ")


async def test_what_comes_while_a_place_is_waited_for_is_judged_in_the_same_check() -> None:
    line = asyncio.Semaphore(0)
    source, checks = Source(["One sentence. ", "And another. ", "The end."]), Checks()
    events = guarded(source.stream(), checks, SMALL, lambda _: line)
    shown = asyncio.create_task(collected(events))
    while not source.closed:  # noqa: ASYNC110  a source tells nobody that it ended
        await asyncio.sleep(0)
    assert checks.texts == []
    line.release()
    assert await shown == "One sentence. And another. The end."
    assert checks.texts == ["One sentence. And another. The end."]
    assert not line.locked()


async def collected(events: AsyncGenerator[Released | Held, None]) -> str:
    async with aclosing(events):
        return "".join([event.text async for event in events if isinstance(event, Released)])
