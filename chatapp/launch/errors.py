"""What keeps the product from starting."""


class LaunchError(Exception):
    """Its text is one sentence or two for the person at the console: what is wrong, what to do."""
