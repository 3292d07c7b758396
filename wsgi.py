"""The application for any WSGI server, and for ``flask``: ``gunicorn wsgi:app``, ``flask routes``."""

from thumbapp import create_app
from thumbapp.config import Settings
from thumbapp.runtime import logs

logs.ensure(Settings.from_environ())
app = create_app()
