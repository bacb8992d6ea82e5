"""The kinds of events in words, by what they are about. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Kinds that begin with one of `families` and a dot. `kinds` are those that can be chosen alone."""

    slug: str
    name: str
    families: Sequence[str]
    kinds: Mapping[str, str] = field(default_factory=dict)


GROUPS = (
    Group(
        slug="promotions",
        name="Promotions",
        families=("promotion",),
        kinds={
            "promotion.requested": "Asked for",
            "promotion.waits": "Began to wait",
            "promotion.started": "Started",
            "promotion.verifying": "Deployed, now checked",
            "promotion.step_passed": "A step passed",
            "promotion.step_failed": "A step failed",
            "promotion.step_errored": "A step errored",
            "promotion.succeeded": "Succeeded",
            "promotion.failed": "Failed",
            "promotion.errored": "Errored",
            "promotion.abort_requested": "An abort was asked for",
            "promotion.aborted": "Aborted",
            "promotion.superseded": "Superseded",
            "promotion.overridden": "A blocker was overridden",
            "promotion.frozen": "Caught by a freeze",
            "promotion.held": "Put the line on hold",
        },
    ),
    Group(slug="releases", name="Releases", families=("release",), kinds={"release.registered": "Registered"}),
    Group(
        slug="approvals",
        name="Approvals",
        families=("approval",),
        kinds={
            "approval.asked": "Asked for",
            "approval.given": "Given",
            "approval.rejected": "Rejected",
            "approval.expired": "Not given in time",
        },
    ),
    Group(
        slug="holds",
        name="Holds, pins and vetoes",
        families=("hold", "pin", "veto"),
        kinds={
            "hold.placed": "Hold placed",
            "hold.lifted": "Hold lifted",
            "hold.fix_forward": "Fix forward allowed",
            "hold.fix_failed": "The fix failed as well",
            "pin.placed": "Pinned",
            "pin.removed": "Pin removed",
            "veto.placed": "Vetoed",
            "veto.withdrawn": "Veto withdrawn",
        },
    ),
    Group(
        slug="stalls",
        name="What does not move",
        families=("stall",),
        kinds={"stall.told": "People were told", "stall.ended": "It moves again"},
    ),
    Group(
        slug="slots",
        name="Slots",
        families=("slot", "slot_series"),
        kinds={
            "slot.booked": "Booked",
            "slot.moved": "Moved",
            "slot.changed": "Changed",
            "slot.cancelled": "Cancelled",
            "slot.opened": "Opened",
            "slot.finished": "Finished",
            "slot.missed": "Missed",
            "slot.frozen": "Caught by a freeze",
            "slot.overridden": "Overridden",
            "slot_series.booked": "Series booked",
            "slot_series.ended": "Series ended",
            "slot_series.skipped": "A slot of a series left out",
        },
    ),
    Group(
        slug="freezes",
        name="Freezes",
        families=("freeze",),
        kinds={
            "freeze.declared": "Declared",
            "freeze.extended": "Extended",
            "freeze.lifted": "Lifted",
            "freeze.imported": "Imported",
        },
    ),
    Group(
        slug="trust",
        name="Trust and policy",
        families=("trust_issue", "target"),
        kinds={
            "trust_issue.opened": "Trust issue opened",
            "trust_issue.resolved": "Trust issue resolved",
            "target.policy_changed": "Policy changed",
        },
    ),
    Group(
        slug="errors",
        name="Errors",
        families=("error",),
        kinds={"error.new": "New", "error.regressed": "Came back"},
    ),
    Group(slug="messages", name="Messages", families=("notification",)),
    Group(slug="registry", name="Registry", families=("registry",)),
    Group(slug="hours", name="Hours and feeds", families=("calendar", "feed_address")),
    Group(slug="access", name="People and tokens", families=("access",)),
)
_WORDS = {kind: words for group in GROUPS for kind, words in group.kinds.items()}
_GROUPS = {family: group for group in GROUPS for family in group.families}


def words_of(kind: str) -> str:
    """What happened, in words: "Promotions: succeeded"; of one that is unknown here its own name, made readable."""
    family, _, what = kind.partition(".")
    group = _GROUPS.get(family)
    readable = what.replace("_", " ").replace(".", " ") or family.replace("_", " ")
    words = _WORDS.get(kind, readable[:1].upper() + readable[1:])
    return f"{group.name}: {words[:1].lower() + words[1:]}" if group else words


def chosen(choice: str) -> tuple[Sequence[str], str]:
    """The families, or else the one kind, that a choice stands for."""
    group = next((one for one in GROUPS if one.slug == choice), None)
    return (group.families, "") if group else ((), choice)


def is_choice(choice: str) -> bool:
    return choice in _WORDS or any(group.slug == choice for group in GROUPS)
