"""The web process: `gunicorn deployer.wsgi`."""

import os

from django.core.wsgi import get_wsgi_application

from deployer.web.calendar.feeds.hiding import hide_secrets

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deployer.settings")
application = hide_secrets(get_wsgi_application())
