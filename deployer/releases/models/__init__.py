from deployer.releases.models.deployment import Deployment
from deployer.releases.models.release import Change, Release

__all__ = ["Change", "Deployment", "Release"]
