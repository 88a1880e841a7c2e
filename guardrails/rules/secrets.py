"""Keys and tokens, by the forms that their issuers document."""

import re
from collections.abc import Iterator

from guardrails.verdict import SECRETS, Finding

# Longer than any key in use (a 16384-bit RSA key takes 12,700 characters).
LONGEST_KEY = 16_000
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
KEY_END = re.compile(r"-----END [A-Z0-9 ]{0,60}-----")
TOKENS = tuple(
    re.compile(pattern)
    for pattern in (
        # AWS: IAM identifiers, unique-id prefixes AKIA (access key) and ASIA (temporary).
        r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
        r"(?i:aws_secret_access_key|secretaccesskey)[\"']?\s{0,5}[=:]\s{0,5}[\"']?"
        r"([A-Za-z0-9/+]{40})",
        # GitHub: "Behind GitHub's new authentication token formats".
        r"\bgh[pousr]_[A-Za-z0-9]{36,255}",
        r"\bgithub_pat_[A-Za-z0-9_]{36,255}",
        r"\bglpat-[A-Za-z0-9_-]{20,255}",
        # Slack: token types, xoxb- and its kin; incoming webhooks.
        r"\bxox[abeoprs]-[A-Za-z0-9-]{10,255}",
        r"\bhttps://hooks\.slack\.com/services/[A-Za-z0-9/]{20,255}",
        # Google API keys, Stripe live keys, OpenAI's and Anthropic's keys.
        r"\bAIza[A-Za-z0-9_-]{35}",
        r"\b[rs]k_live_[A-Za-z0-9]{16,255}",
        r"\bsk-(?:proj-|ant-|svcacct-)?[A-Za-z0-9_-]{32,255}",
        # JSON Web Token (RFC 7519): both JSON parts begin with '{"', which is "eyJ" in base64.
        r"\beyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{4,8000}(?:\.[A-Za-z0-9_-]{0,4000})?",
        # A password in an address (RFC 3986, userinfo).
        r"\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@]{1,64}:([^\s:/@]{3,128})@",
    )
)


def secrets(text: str) -> Iterator[Finding]:
    """Each key or token as SECRETS, with its place."""
    for match in PRIVATE_KEY.finditer(text):
        close = KEY_END.search(text, match.end(), match.end() + LONGEST_KEY)
        end = close.end() if close else min(len(text), match.end() + LONGEST_KEY)
        yield Finding(SECRETS, 1.0, match.start(), end)
    for pattern in TOKENS:
        for match in pattern.finditer(text):
            start, end = match.span(pattern.groups)
            yield Finding(SECRETS, 1.0, start, end)
