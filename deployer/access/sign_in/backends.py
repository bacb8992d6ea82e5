"""The providers by which people sign in, as social-auth knows them.

Nothing that a provider hands over is kept but what `accounts` writes: no access token, refresh token or ID token
reaches the database.
"""

from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.http import HttpResponse
from social_core.backends.github import GithubOAuth2
from social_core.backends.oauth import BaseOAuth2PKCE
from social_core.backends.open_id_connect import OpenIdConnectAuth
from social_core.exceptions import AuthPolicyError, AuthProviderError, AuthResponseError

UID_LENGTH = 255
TEAMS_A_PAGE = 100
PAGES = 20


class OpenIdConnect(OpenIdConnectAuth[HttpResponse]):
    """The authorisation code flow, with PKCE, state and nonce; the library validates the ID token."""

    name = "oidc"
    DEFAULT_USE_PKCE = True

    def get_user_id(self, details: Any, response: Any) -> str:
        """The subject, with its issuer: another issuer's subject of the same name is someone else."""
        issuer = (self.id_token or {}).get("iss", "")
        subject = super().get_user_id(details, response)  # type: ignore[no-untyped-call]
        return _fitting(self, f"{issuer} {subject}")

    def get_user_details(self, response: Any) -> dict[str, Any]:
        """Without an e-mail address that the provider says isn't verified."""
        details: dict[str, Any] = super().get_user_details(response)  # type: ignore[no-untyped-call]
        verified = {**(self.id_token or {}), **response}.get("email_verified", True)
        if verified in (False, "false", "False"):
            details["email"] = ""
        return details


class GitHub(GithubOAuth2[HttpResponse], BaseOAuth2PKCE[HttpResponse]):
    """Members of the organisations that may sign in. Their groups are the names of these organisations, and of their
    teams as organisation/team, in lower case."""

    name = "github"

    def api_url(self) -> str:
        return f"{settings.GITHUB_API_BASE_URL}/"

    def get_user_id(self, details: Any, response: Any) -> str:
        """The account's number, with the GitHub that gave it: an installation of one's own counts from 1 too."""
        number = super().get_user_id(details, response)  # type: ignore[no-untyped-call]
        return _fitting(self, f"{settings.GITHUB_BASE_URL} {number}")

    def get_user_details(self, response: Any) -> dict[str, Any]:
        """Without an e-mail address that GitHub hasn't verified."""
        details: dict[str, Any] = super().get_user_details(response)  # type: ignore[no-untyped-call]
        emails = [one for one in response.get("emails", ()) if isinstance(one, dict)]
        details["email"] = next((one["email"] for one in emails if one.get("primary") and one.get("verified")), "")
        return details

    def user_data(self, access_token: str, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Raises AuthPolicyError for someone who is in none of the organisations."""
        data = super().user_data(access_token, *args, **kwargs)
        organisations = {name.lower() for name in settings.GITHUB_ORGANISATIONS}
        mine = {name for name in organisations if self._is_member(access_token, name)}
        if not mine:
            raise AuthPolicyError(self, code="membership_required", stage="user_info")
        return {**(data or {}), "groups": sorted(mine | self._teams(access_token, mine))}

    def get_user_groups(self, response: Any) -> list[str]:
        return list(response["groups"])

    def _is_member(self, access_token: str, organisation: str) -> bool:
        """Also False when the organisation hasn't approved Deployer's OAuth application."""
        try:
            membership = self._ask(access_token, f"user/memberships/orgs/{organisation}")
        except AuthProviderError as error:
            if error.status_code in (403, 404):
                return False
            raise
        return isinstance(membership, dict) and membership.get("state") == "active"

    def _teams(self, access_token: str, organisations: set[str]) -> set[str]:
        """Of these organisations alone: anyone may have an organisation with a team of any name."""
        found: set[str] = set()
        for page in range(1, PAGES + 1):
            teams = self._ask(access_token, "user/teams", per_page=TEAMS_A_PAGE, page=page)
            if not isinstance(teams, list):
                raise AuthResponseError(self, code="malformed_response", stage="user_info")
            names = [(str(team["organization"]["login"]).lower(), str(team["slug"]).lower()) for team in teams]
            found |= {f"{owner}/{slug}" for owner, slug in names if owner in organisations}
            if len(teams) < TEAMS_A_PAGE:
                break
        return found

    def _ask(self, access_token: str, path: str, **params: Any) -> Any:
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/vnd.github+json"}
        return self.get_json(urljoin(self.api_url(), path), headers=headers, params=params)


def _fitting(backend: OpenIdConnect | GitHub, uid: str) -> str:
    if len(uid) > UID_LENGTH:
        raise AuthResponseError(backend, claim="sub", code="invalid_claim", stage="user_info")
    return uid
