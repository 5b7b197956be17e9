"""What a door cannot say yet, because it is being worked out beside the turns (`Session.aside`)."""


class NotYet(Exception):
    """Ask again once `progressed` has come: from the same beginning, as nothing has been done yet."""
