"""The error of an action that may not be done."""

from collections.abc import Sequence

from deployer.gates import Blocker


class RefusedError(Exception):
    """What was asked is not possible as things stand; the message says why and what to do instead."""


class BlockedError(RefusedError):
    """The gate refuses for reasons that no waiting ends. `blockers` are those reasons."""

    def __init__(self, blockers: Sequence[Blocker]) -> None:
        super().__init__(" ".join(blocker.sentence for blocker in blockers))
        self.blockers = tuple(blockers)
