"""The deploy step's effects: start once, look up when unsure, poll to the end, cancel when asked."""

from django.conf import settings
from django.urls import reverse

from deployer.integrations.config import ConfigError
from deployer.integrations.deploy.base import Deployer, DeployRequest, DeployState, DeployStatus
from deployer.integrations.errors import CannotTell, OutcomeUnknown, Refused, Unavailable
from deployer.integrations.registry import build_deployer
from deployer.promotions.engine.effects import Action, Claim, Report
from deployer.promotions.models import Promotion
from deployer.promotions.states import StepState
from deployer.releases.models import Deployment

START_ATTEMPTS = 5
"""How often a start that surely did not arrive, or a look-up that found nothing to go by, is tried."""
POLL_SECONDS = (0.5, 5.0)
BACKOFF_SECONDS = 60.0

ENDED = {
    DeployState.SUCCEEDED: StepState.PASSED,
    DeployState.FAILED: StepState.FAILED,
    DeployState.UNKNOWN: StepState.ERRORED,
}


def run(claimed: Claim) -> Report:
    """Do what the claim says and return what came of it. Raises nothing for what the outside does."""
    try:
        deployer = build_deployer(claimed.step.spec["kind"], claimed.step.spec["config"])
    except ConfigError as error:
        # Only what was never asked to start surely did not happen.
        state = StepState.FAILED if claimed.action is Action.START else StepState.ERRORED
        sentence = f"The target's deployer is not configured right: {error}"
        return Report(state=state, sentence=sentence, forget_intent=claimed.action is Action.START)
    match claimed.action:
        case Action.START:
            return _start(deployer, claimed)
        case Action.FIND:
            return _find(deployer, claimed)
        case Action.CANCEL:
            return _cancel(deployer, claimed)
        case _:
            return _poll(deployer, claimed)


def _start(deployer: Deployer, claimed: Claim) -> Report:
    try:
        reference = deployer.start(_request(claimed))
    except Refused as error:
        return Report(state=StepState.FAILED, sentence=str(error))
    except OutcomeUnknown as error:
        if claimed.step.errors_in_a_row + 1 >= START_ATTEMPTS:
            return Report(state=StepState.ERRORED, sentence=str(error), error=True)
        return Report(sentence=str(error), error=True, settle_lease=True)
    except Unavailable as error:
        return _try_again(claimed, str(error), forget_intent=True)
    return Report(reference=reference, again_in=POLL_SECONDS[0])


def _find(deployer: Deployer, claimed: Claim) -> Report:
    """After a crash or an unknown outcome: take up what was started, or start what surely was not."""
    try:
        reference = deployer.find(claimed.step.key)
    except CannotTell as error:
        return Report(state=StepState.ERRORED, sentence=f"It may have been started. {error}")
    except Unavailable as error:
        return Report(sentence=str(error), error=True, again_in=_backoff(claimed))
    if reference is None and claimed.promotion.abort_requested_by:
        return Report(state=StepState.SKIPPED, sentence="Aborted before it started.", forget_intent=True)
    if reference is None:
        return _start(deployer, claimed)
    return Report(reference=reference, again_in=0)


def _poll(deployer: Deployer, claimed: Claim) -> Report:
    step = claimed.step
    try:
        status = deployer.poll(step.reference, log_offset=step.log_offset)
    except Unavailable as error:
        return Report(sentence=str(error), error=True, again_in=_backoff(claimed))
    return from_status(status, again_in=_poll_interval(claimed))


def from_status(status: DeployStatus, *, again_in: float = 1.0) -> Report:
    """A deploy's status, polled or called back, as a report."""
    return Report(
        state=ENDED.get(status.state),
        sentence=status.sentence,
        log=status.log,
        log_offset=status.log_offset or None,
        again_in=again_in,
    )


def _cancel(deployer: Deployer, claimed: Claim) -> Report:
    """Ask once; the end is then seen by polling, whether the outside heeds it or not, and even if it can't be asked."""
    try:
        deployer.cancel(claimed.step.reference)
    except Refused as error:
        return Report(cancel_requested=True, sentence=f"It can't be stopped and runs to its end: {error}", again_in=0)
    except Unavailable:
        return _poll(deployer, claimed)
    return Report(cancel_requested=True, sentence="Being stopped.", again_in=POLL_SECONDS[0])


def _try_again(claimed: Claim, sentence: str, *, forget_intent: bool = False) -> Report:
    if claimed.step.errors_in_a_row + 1 >= START_ATTEMPTS:
        return Report(state=StepState.ERRORED, sentence=sentence, error=True, forget_intent=forget_intent)
    return Report(sentence=sentence, error=True, again_in=_backoff(claimed), forget_intent=forget_intent)


def _backoff(claimed: Claim) -> float:
    return float(min(BACKOFF_SECONDS, 2.0 ** min(claimed.step.errors_in_a_row, 10)))


def _poll_interval(claimed: Claim) -> float:
    """A tenth of the time it has been running, so that short deploys are seen at once and long ones cost little."""
    running = claimed.at - (claimed.step.started_at or claimed.at)
    shortest, longest = POLL_SECONDS
    return min(longest, max(shortest, running.total_seconds() / 10))


def _request(claimed: Claim) -> DeployRequest:
    promotion: Promotion = claimed.promotion
    live = Deployment.objects.live_on(promotion.target_id)
    return DeployRequest(
        key=claimed.step.key,
        fence=claimed.fence,
        deadline=claimed.deadline,
        application=promotion.application.slug,
        environment=promotion.environment.slug,
        version=promotion.release.version,
        commit=promotion.release.commit,
        previous_version=live.release.version if live else "",
        target_url=promotion.target.url,
        promotion_url=promotion.full_url(),
        callback_url=settings.BASE_URL + reverse("api-deploy-callback", kwargs={"key": claimed.step.key}),
    )
