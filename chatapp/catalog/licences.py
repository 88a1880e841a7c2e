"""The licences that models come under, and what each asks of a company that runs one.

No advice: the words name what to look for in the text at ``source``. Read in November 2026.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Open source as the Open Source Initiative defines it; weights that anybody may have, under
    conditions that it would not allow; or not for a company's daily work."""

    OPEN_SOURCE = "open source"
    OPEN_WEIGHTS = "open weights"
    RESTRICTED = "restricted"


@dataclass(frozen=True, slots=True)
class Licence:
    """``key`` is its SPDX identifier where it has one; ``mark`` is found in its first words."""

    key: str
    name: str
    kind: Kind
    condition: str
    source: str
    mark: str


def llama(version: str, more: str = "") -> Licence:
    """Meta's community licences differ by version in little but the name."""
    return Licence(
        key=f"llama{version}",
        name=f"Llama {version} Community License",
        kind=Kind.OPEN_WEIGHTS,
        condition=(
            "Whoever had more than 700 million monthly users when this version came out needs a"
            " licence of Meta's own. “Built with Llama” has to be shown, and Meta's acceptable use"
            f" policy holds.{more}"
        ),
        source=f"https://www.llama.com/llama{version.replace('.', '_')}/license/",
        mark=rf"llama {re.escape(version)} community licen[sc]e",
    )


NOT_IN_THE_EU = (
    " The policy grants no rights to those of its models that see to companies of the EU;"
    " using a product that has them in it is allowed."
)
REGISTER: tuple[Licence, ...] = (
    llama("4", NOT_IN_THE_EU),
    llama("3.3"),
    llama("3.2", NOT_IN_THE_EU),
    llama("3.1"),
    llama("3"),
    llama("2", " It may not be used to improve other language models."),
    Licence(
        "gemma",
        "Gemma Terms of Use",
        Kind.OPEN_WEIGHTS,
        "Google's prohibited use policy holds, and Google may restrict what breaks it. Whoever"
        " passes the model on passes these terms on. Gemma 4 and later are under Apache 2.0.",
        "https://ai.google.dev/gemma/terms",
        r"gemma terms of use",
    ),
    Licence(
        "qwen",
        "Qwen License",
        Kind.OPEN_WEIGHTS,
        "A product with more than 100 million monthly users needs a licence of Alibaba Cloud's"
        " own. Qwen 3 and most others of the family are under Apache 2.0.",
        "https://huggingface.co/Qwen/Qwen2.5-72B-Instruct/blob/main/LICENSE",
        r"qwen license agreement",
    ),
    Licence(
        "qwen-research",
        "Qwen Research License",
        Kind.RESTRICTED,
        "For research and evaluation only: no commercial use.",
        "https://huggingface.co/Qwen/Qwen2.5-3B-Instruct/blob/main/LICENSE",
        r"qwen research license",
    ),
    Licence(
        "mistral-research",
        "Mistral AI Research License",
        Kind.RESTRICTED,
        "For research only: a company needs a commercial licence of Mistral AI.",
        "https://mistral.ai/licenses/MRL-0.1.md",
        r"mistral ai (research|non-production) license",
    ),
    Licence(
        "deepseek",
        "DeepSeek License Agreement",
        Kind.OPEN_WEIGHTS,
        "Commercial use is allowed; its list of forbidden uses holds, and has to be passed on.",
        "https://github.com/deepseek-ai/DeepSeek-V3/blob/main/LICENSE-MODEL",
        r"deepseek license agreement",
    ),
    Licence(
        "modified-mit-kimi-k2",
        "Modified MIT License of Kimi K2",
        Kind.OPEN_WEIGHTS,
        "A product with more than 100 million monthly users, or 20 million US dollars of monthly"
        " revenue, has to show the name “Kimi K2”.",
        "https://huggingface.co/moonshotai/Kimi-K2-Instruct/blob/main/LICENSE",
        r"modified mit license",
    ),
    Licence(
        "nvidia-open-model",
        "NVIDIA Open Model License",
        Kind.OPEN_WEIGHTS,
        "Commercial use is allowed. It ends for whoever takes away its safety measures without"
        " putting others in their place.",
        "https://www.nvidia.com/en-us/agreements/enterprise-software/nvidia-open-model-license/",
        r"nvidia open model license",
    ),
    Licence(
        "bigscience-openrail-m",
        "BigScience OpenRAIL-M",
        Kind.OPEN_WEIGHTS,
        "Commercial use is allowed; its list of forbidden uses holds, and has to be passed on.",
        "https://www.licenses.ai/blog/2022/8/26/bigscience-open-rail-m-license",
        r"openrail",
    ),
    Licence(
        "CC-BY-NC-4.0",
        "Creative Commons Attribution-NonCommercial 4.0",
        Kind.RESTRICTED,
        "No commercial use.",
        "https://creativecommons.org/licenses/by-nc/4.0/",
        r"attribution-noncommercial|cc[ -]by[ -]nc",
    ),
    Licence(
        "Apache-2.0",
        "Apache License 2.0",
        Kind.OPEN_SOURCE,
        "Whoever passes the model on passes on the licence and its notices, and says what was"
        " changed. No condition for using it.",
        "https://www.apache.org/licenses/LICENSE-2.0",
        r"apache license,?\s+version 2\.0|apache-2\.0",
    ),
    Licence(
        "MIT",
        "MIT License",
        Kind.OPEN_SOURCE,
        "Whoever passes the model on passes on the notice. No condition for using it.",
        "https://opensource.org/license/mit",
        r"mit license|permission is hereby granted, free of charge",
    ),
)
BY_KEY = {licence.key: licence for licence in REGISTER}


def recognised(text: str) -> Licence | None:
    """The licence that ``text`` begins with; None for one that the register does not have."""
    words = " ".join(text.lower().split())
    return next((each for each in REGISTER if re.search(each.mark, words)), None)
