"""Parts of the sentences that the rules say. Pure."""

from datetime import timedelta


def minutes(length: timedelta) -> str:
    """Such as "30 minutes"; a part of one counts as one."""
    count = -(-length // timedelta(minutes=1))
    return f"{count} minute{'' if count == 1 else 's'}"


def stopped(text: str) -> str:
    """What a person wrote as the end of a sentence: in one line, with one full stop unless it ends in another mark."""
    line = " ".join(text.split())
    return line if line.endswith(("?", "!", "…")) else f"{line.rstrip('.')}."


def clause(text: str) -> str:
    """What a person wrote as a part of a sentence that goes on: in one line, without a full stop."""
    return " ".join(text.split()).rstrip(".")


def listed(names: list[str]) -> str:
    """Such as "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
