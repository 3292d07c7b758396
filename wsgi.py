"""The application for any WSGI server, and for ``flask``: ``gunicorn wsgi:app``, ``flask routes``."""

from thumbapp import create_app

app = create_app()
