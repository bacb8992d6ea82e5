"""What people read when a sign-in by a provider comes to nothing: what happened, and what to do."""

from dataclasses import dataclass
from http import HTTPStatus

from django.conf import settings
from social_core.exceptions import AuthCanceled, AuthInputError, AuthSessionError, SocialAuthBaseException

from apps_registry.sign_in import CLOSED

LATE = ("response_expired", "nonce_mismatch", "authorization_code_rejected", "credential_rejected")
DOWN = ("connection_failed", "timeout", "unavailable", "rate_limited")


@dataclass(frozen=True, slots=True)
class Refusal:
    """`again` is whether trying again may help."""

    title: str
    text: str
    status: HTTPStatus
    again: bool = True


def refusal_of(error: SocialAuthBaseException, *, label: str) -> Refusal:
    """`label` is what people know the provider by."""
    if isinstance(error, AuthCanceled):
        text = f"{label} says that it was not allowed to tell who you are. Nothing was changed."
        return Refusal("You did not sign in", text, HTTPStatus.FORBIDDEN)
    if isinstance(error, AuthSessionError | AuthInputError) or error.code in LATE:
        text = (
            "This sign-in was begun too long ago, in another browser, or was finished already. If starting again does "
            "not help, your browser may be refusing cookies from this site."
        )
        return Refusal("Start again", text, HTTPStatus.FORBIDDEN)
    if error.code == CLOSED:
        text = "Someone who looks after Deployer has made your account inactive. Ask them to open it again."
        return Refusal("Your account is closed", text, HTTPStatus.FORBIDDEN, again=False)
    if error.code == "membership_required":
        text = (
            f"Only members of {', '.join(settings.GITHUB_ORGANISATIONS)} on {label} may. If you are one, the "
            f"organisation may not have approved Deployer yet: one of its owners does that, in its settings on {label}."
        )
        return Refusal("Your account may not sign in here", text, HTTPStatus.FORBIDDEN)
    if error.code in DOWN:
        text = "Try again in a few minutes. Deployer goes on with its releases meanwhile."
        return Refusal(f"{label} does not answer", text, HTTPStatus.SERVICE_UNAVAILABLE)
    return _misfit(error, label)


def _misfit(error: SocialAuthBaseException, label: str) -> Refusal:
    """Provider and Deployer aren't set up for each other."""
    if error.claim == "groups" and error.detail:
        # The library's own words tell it from groups that can't be read. Entra ID leaves them out so.
        text = (
            f"{label} does not list the groups of someone who is in so many, so that Deployer can't tell your teams. "
            f"Whoever runs Deployer can have {label} send only the groups that count here."
        )
        return Refusal("You are in too many groups", text, HTTPStatus.BAD_GATEWAY, again=False)
    about = f" ({error.claim})" if error.claim else ""
    text = (
        f"What {label} and Deployer have agreed on does not match. Only whoever runs Deployer can put that right: tell "
        f"them that the error is {error.code}{about}, at the stage {error.stage}. Their log has the same."
    )
    return Refusal(f"Sign-in with {label} does not work", text, HTTPStatus.BAD_GATEWAY)
