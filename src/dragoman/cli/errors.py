"""What a command says when it cannot do what it was asked."""


class CommandError(Exception):
    """One line, or a few, for whoever called."""
