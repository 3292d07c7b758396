"""The task monitor as plain Flask blueprints, at home in ThumbApp and in any app with a `StreamHuey`.

`blueprint` has the two blueprints, ``pages`` and ``data`` (JSON); a module a noun adds its views to
them. Views know the site around them only through `site.Monitor`, so the same code runs under
ThumbApp's frame and rights (`thumbapp_host`) and in a bare app (`standalone.register_monitor`).
"""
