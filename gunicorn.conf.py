"""How ``gunicorn wsgi:app`` serves ThumbApp; put a buffering proxy, such as nginx, in front of it.

A live stream holds a thread, so there are as many as the application counts with; the number of
processes is WEB_CONCURRENCY, 1 when unset.
"""

worker_class = "thumbapp.runtime.gthread.Worker"
threads = 64
graceful_timeout = 3
keepalive = 5
control_socket_disable = True
