"""What an adapter may raise. The engine treats a definite no and not knowing differently, so adapters must too."""


class AdapterError(Exception):
    """The base of all; its text is one plain sentence that may be shown to people and holds no secret."""


class Refused(AdapterError):
    """A definite no: the thing was not done and will not be by trying the same again."""


class Unavailable(AdapterError):
    """Could not ask, or got no usable answer; nothing was changed by asking, so asking again is safe."""


class Busy(Unavailable):
    """It asks to be left alone for so many seconds (HTTP 429 or 503 with Retry-After)."""

    def __init__(self, sentence: str, *, seconds: float) -> None:
        super().__init__(sentence)
        self.seconds = seconds


class OutcomeUnknown(AdapterError):
    """Something was sent and no usable answer came: it may have happened. Only `find` can tell."""


class CannotTell(AdapterError):
    """The outside has no way to say whether a key was started; a person must decide."""
