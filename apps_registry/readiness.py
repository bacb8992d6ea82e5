"""Whether a target is ready to be automatic, decided from facts alone.

`readiness` is the one answer for the policy's page, the roll-out page, the API and the action that changes a policy.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

TESTS = frozenset({"command", "github_workflow"})
"""Kinds of checks that run a test, and so say whether what was deployed works. Each other kind asks the running
application, or who monitors it, how it is."""


class Need(StrEnum):
    """What an automatic target needs. Stored in events: a name stays what it is."""

    DEPLOYER = "deployer"
    OWNER = "owner"
    WATCHER = "watcher"
    SMOKE = "smoke_check"
    HEALTH = "health_check"
    ROLLBACK = "rollback_tried"
    TRUST = "trust_issue"
    SLOTS = "slot_policy"
    BEFORE = "environment_before"


NEVER_WITHOUT = frozenset({Need.DEPLOYER, Need.OWNER, Need.WATCHER})
"""Without these nobody's override makes it automatic: nothing would be deployed, or nobody told when that stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One need, and whether it is met, in a sentence. `fix` says how it is mended while it isn't, `link` is the path of
    the page on which."""

    need: Need
    name: str
    met: bool
    sentence: str
    fix: str = ""
    link: str = ""

    @property
    def overridable(self) -> bool:
        return self.need not in NEVER_WITHOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFacts:
    """A check after the deploy. `names_release` when its configuration has the version or the commit in it."""

    name: str
    kind: str
    names_release: bool = False

    @property
    def is_smoke(self) -> bool:
        """It can't pass on what was live before: it runs a test, or compares with the release."""
        return self.kind in TESTS or self.names_release

    @property
    def is_health(self) -> bool:
        return self.kind not in TESTS


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueFacts:
    """An open trust issue that counts on the target."""

    pk: int
    reason: str
    opened_at: datetime
    opened_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadinessFacts:
    """All that the rule looks at.

    `watchers` can be told of the target's events, `mute_watchers` are named and can't. `before` is the environment
    through which the application's releases come here, empty for the first. The ids are those of the admin's pages.
    """

    application: str
    environment: str
    owner: str
    target_id: int = 0
    application_id: int = 0
    owner_id: int = 0
    has_deployer: bool = True
    owner_reachable: bool = True
    watchers: Sequence[str] = ()
    mute_watchers: Sequence[str] = ()
    checks: Sequence[CheckFacts] = ()
    rolled_back_at: datetime | None = None
    trust_issues: Sequence[IssueFacts] = ()
    slots_required: bool = False
    before: str = ""
    before_automatic: bool = True

    @property
    def target_page(self) -> str:
        return f"/admin/apps_registry/target/{self.target_id}/change/"


def readiness(facts: ReadinessFacts) -> list[Item]:
    """Every need in a lasting order, what can't be overridden first."""
    return [rule(facts) for rule in RULES]


def missing(items: Sequence[Item]) -> list[Item]:
    return [item for item in items if not item.met]


def deployer(facts: ReadinessFacts) -> Item:
    if facts.has_deployer:
        return Item(need=Need.DEPLOYER, name="Deployer", met=True, sentence="Deployer knows how to deploy it.")
    return Item(
        need=Need.DEPLOYER,
        name="Deployer",
        met=False,
        sentence=f"Deployer has not been told how to deploy it to {facts.environment}.",
        fix="An admin can set the target's deployer.",
        link=facts.target_page,
    )


def owner(facts: ReadinessFacts) -> Item:
    if facts.owner_reachable:
        return Item(need=Need.OWNER, name="Owner", met=True, sentence=f"{facts.owner} owns it and can be told.")
    return Item(
        need=Need.OWNER,
        name="Owner",
        met=False,
        sentence=f"{facts.owner} owns it and has neither a channel nor an e-mail address.",
        fix="An admin can give the team one.",
        link=f"/admin/apps_registry/team/{facts.owner_id}/change/",
    )


def watcher(facts: ReadinessFacts) -> Item:
    if facts.watchers:
        names = _listed(facts.watchers)
        return Item(need=Need.WATCHER, name="Watcher", met=True, sentence=f"Watched by {names}.")
    mute = _listed(facts.mute_watchers)
    return Item(
        need=Need.WATCHER,
        name="Watcher",
        met=False,
        sentence=f"Who watches it can't be told: {mute}." if mute else "Nobody watches it.",
        fix="An admin can add a person, team, channel or address on the application's page.",
        link=f"/admin/apps_registry/application/{facts.application_id}/change/",
    )


def smoke_check(facts: ReadinessFacts) -> Item:
    found = [check.name for check in facts.checks if check.is_smoke]
    if found:
        return Item(
            need=Need.SMOKE, name="Smoke check", met=True, sentence=f"Checked after each deploy: {_listed(found)}."
        )
    return Item(
        need=Need.SMOKE,
        name="Smoke check",
        met=False,
        sentence="No check after the deploy tells the new release from the one before.",
        fix="An admin can add one that runs a test, or that compares with {version} or {commit}.",
        link=facts.target_page,
    )


def health_check(facts: ReadinessFacts) -> Item:
    found = [check.name for check in facts.checks if check.is_health]
    if found:
        return Item(need=Need.HEALTH, name="Health check", met=True, sentence=f"Its health is asked: {_listed(found)}.")
    return Item(
        need=Need.HEALTH,
        name="Health check",
        met=False,
        sentence="No check asks the running application, or who monitors it, how it is.",
        fix="An admin can add an HTTP check or one of a monitor.",
        link=facts.target_page,
    )


def rollback_tried(facts: ReadinessFacts) -> Item:
    if facts.rolled_back_at is not None:
        at = facts.rolled_back_at
        sentence = f"A rollback here succeeded on {at.day} {at:%B %Y}."
        return Item(need=Need.ROLLBACK, name="Rollback", met=True, sentence=sentence)
    return Item(
        need=Need.ROLLBACK,
        name="Rollback",
        met=False,
        sentence="No rollback has succeeded here, so nobody knows that one would.",
        fix="Roll it back once at a quiet time, and promote it again.",
        link=f"/applications/{facts.application}/{facts.environment}/roll-back/",
    )


def trust(facts: ReadinessFacts) -> Item:
    if not facts.trust_issues:
        return Item(need=Need.TRUST, name="Trust", met=True, sentence="No trust issue is open.")
    first, *others = facts.trust_issues
    more = f" And {len(others)} more." if others else ""
    return Item(
        need=Need.TRUST,
        name="Trust",
        met=False,
        sentence=f"It isn't trusted to deploy automatically: {first.reason.rstrip('.')}.{more}",
        fix="Resolve the trust issue, saying what was done.",
        link=f"/trust-issues/{first.pk}/resolve/",
    )


def slot_policy(facts: ReadinessFacts) -> Item:
    if not facts.slots_required:
        return Item(need=Need.SLOTS, name="Slots", met=True, sentence="It needs no slot to be deployed.")
    return Item(
        need=Need.SLOTS,
        name="Slots",
        met=False,
        sentence="Each deploy here needs a slot, which a person books: it would wait for one, automatic or not.",
        fix="An admin can make slots optional.",
        link=facts.target_page,
    )


def environment_before(facts: ReadinessFacts) -> Item:
    name = f"{facts.before.capitalize()} first" if facts.before else "First environment"
    if not facts.before:
        return Item(need=Need.BEFORE, name=name, met=True, sentence="It is the first environment on the way.")
    if facts.before_automatic:
        return Item(need=Need.BEFORE, name=name, met=True, sentence=f"It is automatic in {facts.before}.")
    return Item(
        need=Need.BEFORE,
        name=name,
        met=False,
        sentence=f"It is manual in {facts.before}, so nothing arrives here by itself.",
        fix="Make it automatic there first.",
        link=f"/applications/{facts.application}/{facts.before}/policy/",
    )


def _listed(names: Sequence[str]) -> str:
    """Three names, and how many more there are."""
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


RULES: tuple[Callable[[ReadinessFacts], Item], ...] = (
    deployer,
    owner,
    watcher,
    smoke_check,
    health_check,
    rollback_tried,
    trust,
    slot_policy,
    environment_before,
)
