"""The Redis explorer's pages and calls: a module a page, all under ``/redis``.

`where` reads from the address which server, database and key are meant, `modes` whether the visitor may
change anything, `frame` is what every page shows around its own part. Keys are listed, opened and changed
by `pages` (with `keys`, `values`, `look`, `map`), `changes` (with `change_flow`), `bulk`, `files` and
`analysis`; `blueprints` lists all for the app.
"""
