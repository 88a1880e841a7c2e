"""The browser that tests drive, and how long they wait for what they expect of it."""

from playwright.sync_api import expect

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Milliseconds. A condition that is true is seen at once; a busy machine makes it true late.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)
