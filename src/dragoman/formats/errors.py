"""The two ways in which a translation can fail."""

from dragoman.model.errors import InvalidArgument, MessageTooLarge


class FormatError(InvalidArgument):
    """Stored bytes that are not what their format tag says. Nothing was read from them."""

    code = "format"


class TooLarge(MessageTooLarge):
    """A message whose `dragoman-meta` would pass its limit, for a reader whose limits are strict: dead-letter it with
    reason `too-large` and render the others again. `index` is its place in the sequence that was to be rendered.
    """

    code = "too-large"

    def __init__(self, index: int, meta_bytes: int) -> None:
        super().__init__(f"message {index}: meta header of {meta_bytes} bytes")
        self.index = index
        self.meta_bytes = meta_bytes
