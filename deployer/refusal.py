"""The error of an action that may not be done."""

from collections.abc import Sequence

from deployer.gates import Blocker


class RefusedError(Exception):
    """What was asked is not possible as things stand; the message says why and what to do instead."""


class NotAllowedError(RefusedError):
    """Who asks lacks the right to it; the message says who has it."""


class BlockedError(RefusedError):
    """Rules refuse. `blockers` are the reasons, all of them."""

    def __init__(self, blockers: Sequence[Blocker]) -> None:
        super().__init__(" ".join(blocker.sentence for blocker in blockers))
        self.blockers = tuple(blockers)
