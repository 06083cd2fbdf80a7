"""``python -m webapp``: serve this instance on HOST:PORT.

Not a ``flask`` command: that command line loads all its plugins, and Flask-Migrate with Alembic would stay in memory.
"""

from webapp import create_app
from webapp.web.server import serve

serve(create_app())
