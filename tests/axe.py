"""What axe-core finds wrong with a page."""

from pathlib import Path

from playwright.sync_api import Page

SCRIPT = Path(__file__).parent / "frontend" / "vendor" / "axe.min.js"
STILL = """() => Promise.allSettled(document.getAnimations()
  .filter((one) => one.effect.getTiming().iterations !== Infinity)
  .map((one) => one.finished)).then(() => null)"""
CHECK = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target} ${failureSummary}`));
}"""


def found(page: Page) -> list[str]:
    """Each violation with its element and why, once colours have stopped changing."""
    page.evaluate(STILL)
    # Not as a script in the page, which the content policy rightly refuses.
    page.evaluate(SCRIPT.read_text(encoding="utf-8"))
    result: list[str] = page.evaluate(CHECK)
    return result
