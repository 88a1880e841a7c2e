"""Contrast of the colours, as the browser computes them, in both themes."""

import pytest
from playwright.sync_api import Page

WORDS = [
    *(
        (ink, ground)
        for ink in ("ink", "muted")
        for ground in ("page", "surface", "sunken", "hover")
    ),
    *(("accent", ground) for ground in ("page", "surface", "sunken", "hover", "accent-soft")),
    *(("accent-strong", ground) for ground in ("page", "hover")),
    ("ink", "accent-soft"),
    ("ink", "block-soft"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-block", "block"),
    *((tone, f"{tone}-soft") for tone in ("pass", "flag", "block", "info")),
    *(
        (tone, ground)
        for tone in ("pass", "flag", "block", "info")
        for ground in ("page", "surface", "sunken", "hover")
    ),
]
BORDERS = [("line-strong", ground) for ground in ("page", "surface", "sunken")]
COLOURS = """(names) => {
  const probe = document.createElement("i");
  document.body.append(probe);
  const found = names.map((name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map(Number);
  });
  probe.remove();
  return Object.fromEntries(names.map((name, index) => [name, found[index]]));
}"""


def luminance(colour: list[float]) -> float:
    """Relative luminance; source: WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: list[float], other: list[float]) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_computed_as_the_standard_says() -> None:
    assert round(contrast([0, 0, 0], [255, 255, 255]), 2) == 21
    assert round(contrast([119, 119, 119], [255, 255, 255]), 2) == 4.48


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_and_borders_have_contrast(page: Page, site: str, theme: str) -> None:
    page.goto(f"{site}/")
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    names = sorted({name for pair in [*WORDS, *BORDERS] for name in pair})
    colours = page.evaluate(COLOURS, names)
    wanted = [*((pair, 4.5) for pair in WORDS), *((pair, 3.0) for pair in BORDERS)]
    weak = {
        pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2)
        for pair, least in wanted
        if contrast(colours[pair[0]], colours[pair[1]]) < least
    }
    assert weak == {}
