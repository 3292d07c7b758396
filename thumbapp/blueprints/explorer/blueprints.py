"""Every page of the Redis explorer, for the app to add."""

from typing import Final

from thumbapp.blueprints.explorer import (
    acl,
    analysis,
    bench,
    bulk,
    changes,
    console,
    events,
    files,
    pages,
    pubsub,
    scripts,
    server,
)

PAGES: Final = (
    pages.bp,
    changes.bp,
    console.bp,
    pubsub.bp,
    events.bp,
    scripts.bp,
    server.bp,
    acl.bp,
    bench.bp,
    files.bp,
    bulk.bp,
    analysis.bp,
)
