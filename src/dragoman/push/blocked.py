"""The one refusal of our own: what may not be called, or cannot be said in HTTP."""


class Blocked(OSError):
    """The text says what, and why."""
