"""Everything but the stream of live updates, for deployer/asgi.py; any other WSGI server can run it, and pages poll."""

import os

from django.core.wsgi import get_wsgi_application

from deployer.web.calendar.feeds.hiding import hide_secrets

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deployer.settings")
application = hide_secrets(get_wsgi_application())
