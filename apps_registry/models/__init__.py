from apps_registry.models.application import Application
from apps_registry.models.environment import Environment
from apps_registry.models.exclusion import ExclusionGroup
from apps_registry.models.target import Target, TargetCheck
from apps_registry.models.team import Membership, Team
from apps_registry.models.token_limit import TokenLimit
from apps_registry.models.trust_issue import TrustIssue
from apps_registry.models.watcher import Watcher

__all__ = [
    "Application",
    "Environment",
    "ExclusionGroup",
    "Membership",
    "Target",
    "TargetCheck",
    "Team",
    "TokenLimit",
    "TrustIssue",
    "Watcher",
]
