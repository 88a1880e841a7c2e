"""Instructions to the model where there should be none: in a document, above all.

The kinds are those of OWASP's LLM01 and of the EchoLeak report (CVE-2025-32711). Every pattern
runs in linear time: gaps are bounded and no repetition holds another.
"""

import re
from collections.abc import Iterator

from guardrails.verdict import INJECTION, Finding

# A gap within one sentence; its length bounds the work at each start.
NEAR = r"[^.\n]{0,40}?"
FAR = r"[^.\n]{0,80}?"
MODEL = r"(?:ai|a\.i\.|assistant|llm|language model|chat ?bot|model)s?"
PERSON = r"(?:user|reader|human|person|employee|customer|colleague)s?"
CREDENTIAL = r"(?:passwords?|credentials?|passcode|pin|api keys?|tokens?|credit card|one-time code)"

# Kind, score, pattern. The surest stand alone as proof; the others are common in attacks and
# rare, but not unknown, in honest documents.
PATTERNS: tuple[tuple[str, float, str], ...] = (
    ("override", 0.95,
     r"(?<!not )(?<!never )(?<!n't )\b(?:ignore|disregard|forget|override|bypass)\b" + NEAR
     + r"\b(?:previous|prior|above|earlier|preceding|foregoing|your|system|original|initial)\b"
     + NEAR + r"\b(?:instructions?|prompts?|rules|directions?|guidelines|commands?|programming)\b"),
    ("override", 0.95,
     r"\bignorier(?:e|en sie)\b" + NEAR
     + r"\b(?:vorherigen|bisherigen|obigen|vorigen)\b" + NEAR + r"\b(?:anweisungen|regeln)\b"
     r"|\bignor(?:e|ez|er)\b" + NEAR
     + r"\b(?:instructions|consignes|règles) (?:précédentes|ci-dessus)"
     r"|\bignor[ae]\b" + NEAR
     + r"\b(?:instrucciones|istruzioni|instruções) (?:anteriores|precedenti)"),
    ("reveal", 0.9,
     r"\b(?:reveal|print|repeat|output|display|leak|show|tell)\b" + NEAR
     + r"\b(?:system|hidden|initial|secret|original) (?:prompt|instructions?)\b"),
    ("persona", 0.9,
     r"\byou are (?:now|no longer)\b" + NEAR + r"\b(?:" + MODEL
     + r"|bound|restricted|dan|jailbroken|unrestricted|unfiltered|in \w{1,20} mode)\b"),
    ("persona", 0.9,
     r"\b(?:pretend|act as|role-?play|imagine|behave)\b" + FAR
     + r"\b(?:unrestricted|unfiltered|uncensored|without (?:any )?(?:restrictions|filters|rules)"
     r"|no (?:restrictions|filters|rules|limits))\b"),
    ("mode", 0.9,
     r"\b(?:enter|enable|activate|switch (?:in)?to)\b" + NEAR
     + r"\b(?:developer|debug|god|dan|jailbreak|unrestricted|maintenance) mode\b"),
    ("from now on", 0.85,
     r"\bfrom now on,? (?:respond|act as|answer as|reply|you (?:are|will|must|shall)"
     r" (?:act|answer|respond|reply|behave|pretend|ignore|obey|only|an?)\b)"),
    ("addressed", 0.9,
     r"\b(?:attention|notes?|instructions?|messages?|directives?) (?:to|for) (?:the |any |all )?"
     + MODEL + r"\b"),
    ("addressed", 0.9, r"\bif you are an? (?:ai|llm|language model|assistant|chat ?bot)\b"),
    ("secrecy", 0.85,
     r"\b(?:do not|don't|never) (?:tell|mention|inform|reveal|show|disclose|let)\b" + NEAR
     + r"\b" + PERSON + r"\b" + NEAR + r"\b(?:this|these|that you|about it|the above)\b"),
    ("secrecy", 0.85,
     r"\b(?:do not|don't|never) (?:tell|mention|inform|reveal|show|disclose)\b" + NEAR
     + r"\b(?:this|these|the above|that you)\b" + NEAR + r"\bto the " + PERSON + r"\b"),
    ("phishing", 0.95,
     r"\b(?:tell|ask|instruct|urge|convince|direct|remind)\b (?:the |every |each |any |all )?"
     + PERSON + r"\b" + FAR + r"\b(?:send|share|enter|give|provide|type|reveal|submit|confirm)\b"
     + FAR + r"\b" + CREDENTIAL + r"\b"),
    ("exfiltration", 0.9,
     r"!\[[^\]\n]{0,80}\]\(https?://[^)\s]{1,200}(?:[?&](?:data|d|q|text|prompt|secret|token"
     r"|password|context|leak|payload|c)=|[{<\[])"),
    ("exfiltration", 0.9,
     r"<img\b[^>]{0,200}\bsrc=[\"']?https?://[^>\s]{1,200}(?:[?&](?:data|q|text|prompt|secret"
     r"|token|password|context|leak|payload)=|[{\[])"),
    ("exfiltration", 0.9,
     r"\b(?:append|encode|insert|embed|include|put|send)\b" + FAR
     + r"\b(?:conversation|chat history|context|system prompt|user's (?:question|data|message))\b"
     + FAR + r"\b(?:url|link|image|query|address|https?|server)\b"),
    ("markup", 0.95,
     r"<\|(?:im_start|im_end|system|user|assistant|eot|eot_id|start_header_id|header_start"
     r"|begin_of_text|endoftext)\|>|\[/?INST\]|<</?SYS>>"),
    ("hidden", 0.85,
     r"<!--[^>]{0,200}\b(?:assistant|llm|language model|ignore|system prompt)\b"),
)  # fmt: skip
COMPILED = tuple((score, re.compile(pattern, re.IGNORECASE)) for _kind, score, pattern in PATTERNS)


def injection(text: str) -> Iterator[Finding]:
    """Each place where an instruction to a model begins, as INJECTION."""
    for score, pattern in COMPILED:
        for match in pattern.finditer(text):
            yield Finding(INJECTION, score, match.start(), match.end())
