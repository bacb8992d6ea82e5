from deployer.notifications.models.delivery import Delivery
from deployer.notifications.models.lane import Channel, Lane
from deployer.notifications.models.notification import Notification, NotificationState
from deployer.notifications.models.slack_message import SlackMessage

__all__ = ["Channel", "Delivery", "Lane", "Notification", "NotificationState", "SlackMessage"]
