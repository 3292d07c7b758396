"""The Redis explorer's pages and calls: a module a page, all under ``/redis``.

`location` reads from the address which server, database and key are meant, `modes` whether the visitor may
change anything, `page_context` is what every page shows around its own part. Keys are listed, opened and
changed by `pages` (with `keys`, `values`, `value_views`, `geo_map`), `changes` (with `change_flow`), `bulk`,
`files` (with `key_import`) and `analysis`; `blueprints` lists all for the app.
"""
