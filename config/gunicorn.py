"""The web server's settings: `gunicorn -c config/gunicorn.py`, in production and in the tests alike."""

from project import env
from project.processes.confinement import protect_memory

protect_memory()  # the process that starts the worker loads no settings, and has the same environment

wsgi_app = "project.wsgi"
bind = "0.0.0.0:8000"
worker_class = "project.server.worker.BufferingWorker"
# One process, so that limits kept in memory hold, and no max_requests: its restart would wait for the longest upload.
workers = 1
# As `project.settings` reads it: a transfer, which lasts as long as its client likes, may take half of them at most.
threads = env.get_integer("WEB_THREADS", 16, minimum=4)
# Sockets, not threads: what is arriving, kept alive, or waiting for a thread. Behind nginx few are idle.
worker_connections = 500
timeout = 0  # an upload takes its time; what clients may take is limited in project/server
graceful_timeout = 60
keepalive = 5
control_socket_disable = True
