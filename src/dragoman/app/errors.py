"""What keeps a broker from starting."""


class StartError(Exception):
    """One line for the operator: what is wrong and what to do."""
