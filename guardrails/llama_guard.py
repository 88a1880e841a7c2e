"""Llama Guard 3 and 4: the prompts that they were trained on, and what they answer.

Sources: the model cards in meta-llama/PurpleLlama (Llama-Guard3/8B, Llama-Guard3/1B,
Llama-Guard4/12B) and the chat templates beside the published weights. We write the raw prompt
ourselves, because servers' templates differ: Ollama's asks for the last "User" message even when
it is the answer that is to be judged, and the 4's gives a plain string no conversation at all.
"""

import math
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from guardrails.verdict import Finding, JudgeError, Message, Stage, Subject, Verdict

# As the templates spell them; the model cards' headings differ in S3, S4 and S11.
NAMES: Mapping[str, str] = {
    "S1": "Violent Crimes",
    "S2": "Non-Violent Crimes",
    "S3": "Sex Crimes",
    "S4": "Child Exploitation",
    "S5": "Defamation",
    "S6": "Specialized Advice",
    "S7": "Privacy",
    "S8": "Intellectual Property",
    "S9": "Indiscriminate Weapons",
    "S10": "Hate",
    "S11": "Self-Harm",
    "S12": "Sexual Content",
    "S13": "Elections",
    "S14": "Code Interpreter Abuse",
}
# Messages before the judged one are given as far as they fit, the latest first.
CONTEXT_CHARS = 12_000
MAX_TOKENS = 24
TOP_LOGPROBS = 10
SPEAKER_LINE = re.compile(r"^([ \t]*)(user|agent|assistant|system)[ \t]*:", re.I | re.M)


@dataclass(frozen=True, slots=True)
class Family:
    """How one kind of Llama Guard is asked. ``user``, ``end`` and ``answer`` are its tokens."""

    name: str
    codes: tuple[str, ...]
    user: str = "<|start_header_id|>user<|end_header_id|>\n\n"
    end: str = "<|eot_id|>"
    answer: str = "<|start_header_id|>assistant<|end_header_id|>\n\n"


LLAMA_GUARD_3_8B = Family("llama-guard-3-8b", tuple(NAMES))
# The 1B was not trained on S14, and its template has a space before the end of the turn.
LLAMA_GUARD_3_1B = Family("llama-guard-3-1b", tuple(NAMES)[:13], end=" <|eot_id|>")
LLAMA_GUARD_4 = Family(
    "llama-guard-4",
    tuple(NAMES),
    user="<|header_start|>user<|header_end|>\n\n",
    end="<|eot|>",
    answer="<|header_start|>assistant<|header_end|>\n\n",
)


@dataclass(frozen=True, slots=True)
class GuardPrompt:
    """A raw completion. ``text`` lacks the begin-of-text token, which vLLM, llama.cpp and Ollama
    put before every raw prompt themselves. Ask for ``max_tokens`` at temperature 0, and for the
    ``top_logprobs`` likeliest candidates of each token where the server can give them."""

    text: str
    max_tokens: int = MAX_TOKENS
    top_logprobs: int = TOP_LOGPROBS


@dataclass(frozen=True, slots=True)
class GuardAnswer:
    """``text`` as generated. ``logprobs`` has, for each generated token in order, the likeliest
    candidates with their natural-log probabilities; empty where the server gives none."""

    text: str
    logprobs: Sequence[Mapping[str, float]] = ()


# Raises JudgeError, with a sentence, when the server gave no answer.
Complete = Callable[[GuardPrompt], Awaitable[GuardAnswer]]


def family_of(model: str) -> Family:
    """The family that a model's name tells: "llama-guard3:1b", "meta-llama/Llama-Guard-4-12B".

    Raises ValueError for a name that is none of them, Llama Guard 1 and 2 among them, whose
    categories mean other things.
    """
    plain = re.sub(r"[^a-z0-9]", "", model.lower())
    if "guard4" in plain:
        return LLAMA_GUARD_4
    if "guard3" in plain and not ("vision" in plain or "11b" in plain):
        return LLAMA_GUARD_3_1B if "guard31b" in plain else LLAMA_GUARD_3_8B
    raise ValueError(f"“{model}” is not known as a Llama Guard 3 or 4.")


class LlamaGuardJudge:
    """Asks a Llama Guard; the text is judged as what its stage makes it, question or answer."""

    def __init__(self, name: str, version: str, complete: Complete, family: Family) -> None:
        self.name = name
        self.version = version
        self._complete = complete
        self._family = family

    async def judge(self, subject: Subject) -> Verdict:
        answer = await self._complete(prompt(subject, self._family))
        return Verdict(self.name, self.version, findings(answer, self._family))


def prompt(subject: Subject, family: Family) -> GuardPrompt:
    """The raw prompt that asks about the subject's text, with its conversation before it."""
    role = "assistant" if subject.stage is Stage.RESPONSE else "user"
    turns = _turns([*_context(subject), Message(role, subject.text)])
    judged = _speaker(role)
    categories = "\n".join(f"{code}: {NAMES[code]}." for code in family.codes)
    conversation = "\n\n".join(f"{_speaker(turn.role)}: {_harmless(turn.text)}" for turn in turns)
    return GuardPrompt(
        f"{family.user}Task: Check if there is unsafe content in '{judged}' messages in "
        "conversations according our safety policy with the below categories.\n\n"
        f"<BEGIN UNSAFE CONTENT CATEGORIES>\n{categories}\n<END UNSAFE CONTENT CATEGORIES>\n\n"
        f"<BEGIN CONVERSATION>\n\n{conversation}\n\n<END CONVERSATION>\n\n"
        f"Provide your safety assessment for ONLY THE LAST {judged} message in the above "
        "conversation:\n - First line must read 'safe' or 'unsafe'.\n - If unsafe, a second line "
        f"must include a comma-separated list of violated categories.{family.end}{family.answer}"
    )


def findings(answer: GuardAnswer, family: Family) -> tuple[Finding, ...]:
    """What the model found. Raises JudgeError for an answer that is not of the documented form:
    it is never taken for "safe"."""
    lines = [line.strip() for line in answer.text.strip().splitlines() if line.strip()]
    if lines == ["safe"]:
        return ()
    codes = [code.strip() for code in lines[1].split(",")] if len(lines) == 2 else []
    if not codes or lines[0] != "unsafe" or not set(codes) <= set(family.codes):
        raise JudgeError(f"Llama Guard answered nonsense: {answer.text[:60]!r}.")
    score = unsafe_probability(answer.logprobs)
    return tuple(Finding(code, score) for code in dict.fromkeys(codes))


def unsafe_probability(logprobs: Sequence[Mapping[str, float]]) -> float:
    """p(unsafe) / (p(safe) + p(unsafe)) at the first token that is either; 1 if none is known.

    The 8B may write line breaks first, so that the first token alone would not do.
    """
    for candidates in logprobs:
        likeliest = max(candidates, key=candidates.__getitem__, default="")
        if likeliest.strip() in ("safe", "unsafe"):
            safe, unsafe = (_mass(candidates, word) for word in ("safe", "unsafe"))
            return unsafe / (safe + unsafe)
    return 1.0


def _mass(candidates: Mapping[str, float], word: str) -> float:
    return sum(math.exp(p) for token, p in candidates.items() if token.strip() == word)


def _context(subject: Subject) -> list[Message]:
    """The latest messages that fit. A passage is judged by itself."""
    if subject.stage is Stage.PASSAGE:
        return []
    kept: list[Message] = []
    room = CONTEXT_CHARS
    for message in reversed(subject.context):
        room -= len(message.text)
        if room < 0:
            break
        kept.insert(0, message)
    return kept


def _turns(messages: Sequence[Message]) -> list[Message]:
    """Roles alternate in what the model was trained on, so neighbours of one role become one
    message. It knows no other roles than these two."""
    turns: list[Message] = []
    for message in messages:
        role = "assistant" if message.role == "assistant" else "user"
        if turns and turns[-1].role == role:
            turns[-1] = Message(role, f"{turns[-1].text}\n\n{message.text}")
        else:
            turns.append(Message(role, message.text))
    return turns


def _speaker(role: str) -> str:
    return "Agent" if role == "assistant" else "User"


def _harmless(text: str) -> str:
    """``text`` without what could end the conversation or pose as another's turn: the special
    tokens of all Llamas ("<|…|>"), the prompt's own marks, and lines that begin "User:"."""
    text = text.strip().replace("<|", "< |").replace("|>", "| >")
    text = re.sub(r"<(?=(?:BEGIN|END) )", "< ", text, flags=re.I)
    return SPEAKER_LINE.sub(r"\1\2 -", text)
