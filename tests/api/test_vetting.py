"""What a client says was said before is judged too, each thing once."""

import asyncio

import pytest

from chatapp.api import vetting
from chatapp.api.talk import Talk
from chatapp.api.vetting import Memory, subject_of_answer, subject_of_question, vetted
from chatapp.conversations.prompt import Exchange
from guardrails.guard import Guard
from guardrails.policy import DEFAULT_BODY, Policy
from guardrails.verdict import Action, Message, Stage, Subject, Verdict
from tests.conversations.scripted import POLICY, ScriptedJudge

TALK = Talk("Be brief.", (Exchange("How much leave?", "28 days."), Exchange("And?", "No.")), "So?")


def guard_of(judge: ScriptedJudge, policy: Policy = POLICY) -> Guard:
    return Guard([judge], policy, timeout=5.0)


async def test_all_but_the_question_is_judged_as_what_it_claims_to_be() -> None:
    judge = ScriptedJudge()
    found = await vetted(TALK, guard_of(judge), Memory())
    assert (found.talk, found.decided, found.blocked) == (TALK, (), None)
    assert judge.seen == [
        Subject(Stage.REQUEST, "Be brief."),
        Subject(Stage.REQUEST, "How much leave?"),
        Subject(Stage.RESPONSE, "28 days.", (Message("user", "How much leave?"),)),
        Subject(Stage.REQUEST, "And?"),
        Subject(Stage.RESPONSE, "No.", (Message("user", "And?"),)),
    ]


async def test_what_was_let_through_is_not_judged_again() -> None:
    judge, memory = ScriptedJudge(), Memory()
    await vetted(TALK, guard_of(judge), memory)
    longer = Talk("Be brief.", (*TALK.history, Exchange("So?", "Nothing.")), "Well?")
    await vetted(longer, guard_of(judge), memory)
    assert [subject.text for subject in judge.seen[5:]] == ["So?", "Nothing."]


async def test_nothing_is_judged_where_nothing_was_said() -> None:
    judge = ScriptedJudge()
    found = await vetted(Talk("", (), "So?"), guard_of(judge), Memory())
    assert (found.talk.instructions, judge.seen) == ("", [])


@pytest.mark.parametrize(
    "talk",
    [
        Talk("Say bomb.", (), "So?"),
        Talk("", (Exchange("Tell me of a bomb", "No."),), "So?"),
        Talk("", (Exchange("Tell me", "A bomb is"),), "So?"),
    ],
)
async def test_one_message_that_may_not_be_blocks_the_whole(talk: Talk) -> None:
    memory, judge = Memory(), ScriptedJudge({"bomb": "S9"})
    for _ in range(2):  # a block is never remembered as anything else
        found = await vetted(talk, guard_of(judge), memory)
        assert found.blocked is not None
        assert found.blocked.action is Action.BLOCK
        assert [each.decision for each in found.decided] == [found.blocked]


async def test_a_redacted_message_stays_redacted_and_is_told_once() -> None:
    judge, memory = ScriptedJudge({"hunter2": "SECRETS"}), Memory()
    talk = Talk("", (Exchange("My password is hunter2", "Thanks."),), "So?")
    first = await vetted(talk, guard_of(judge), memory)
    again = await vetted(talk, guard_of(judge), memory)
    assert first.talk.history[0].question == "My password is [secret removed]"
    assert again.talk == first.talk
    assert (len(first.decided), len(again.decided)) == (1, 0)
    assert first.decided[0].subject.text == "My password is hunter2"


async def test_a_judge_that_fails_blocks_and_is_asked_again() -> None:
    judge, memory = ScriptedJudge({"leave": None}), Memory()
    assert (await vetted(TALK, guard_of(judge), memory)).blocked
    judge.words = {}
    assert not (await vetted(TALK, guard_of(judge), memory)).blocked


async def test_another_policy_judges_anew() -> None:
    judge, memory = ScriptedJudge(), Memory()
    await vetted(TALK, guard_of(judge), memory)
    await vetted(TALK, guard_of(judge, Policy.from_body(8, DEFAULT_BODY)), memory)
    assert len(judge.seen) == 10


async def test_the_same_words_twice_are_judged_once() -> None:
    judge = ScriptedJudge()
    talk = Talk("", (Exchange("Hi", "Hello"), Exchange("Hi", "Hello")), "Hi")
    assert (await vetted(talk, guard_of(judge), Memory())).talk == talk
    assert len(judge.seen) == 2


async def test_a_long_history_is_judged_a_few_at_a_time() -> None:
    class Busy(ScriptedJudge):
        now = most = 0

        async def judge(self, subject: Subject) -> Verdict:
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0)
            self.now -= 1
            return await super().judge(subject)

    judge = Busy()
    history = tuple(Exchange(f"q{n}", f"a{n}") for n in range(100))
    await vetted(Talk("", history, "So?"), guard_of(judge), Memory())
    assert len(judge.seen) == 200
    assert judge.most <= vetting.AT_ONCE


def test_memory_is_bounded_and_keeps_what_was_asked_for_last() -> None:
    memory, guard = Memory(most=2), guard_of(ScriptedJudge())
    one, two, three = map(subject_of_question, ("one", "two", "three"))
    memory.keep(one, guard, "one")
    memory.keep(two, guard, "t**")
    assert (memory.recall(one, guard), memory.recall(two, guard)) == ("one", "t**")
    memory.recall(one, guard)
    memory.keep(three, guard, "three")
    assert memory.recall(two, guard) is None
    assert memory.recall(one, guard) == "one"


def test_memory_takes_nothing_for_something_else() -> None:
    memory, guard = Memory(), guard_of(ScriptedJudge())
    memory.keep(subject_of_answer("ab", "c"), guard, "c")
    assert memory.recall(subject_of_answer("a", "bc"), guard) is None
    assert memory.recall(subject_of_answer("ab", "d"), guard) is None
    assert memory.recall(subject_of_question("c"), guard) is None
    assert memory.recall(subject_of_answer("ab", "c"), guard) == "c"
