from deployer.access.models.api_token import ApiToken
from deployer.access.models.keyed_call import KeyedCall
from deployer.access.models.user import User

__all__ = ["ApiToken", "KeyedCall", "User"]
