# One image for web, worker, beat and inference: docker-compose.yml says which of them it becomes.
FROM python:3.11.14-slim-bookworm AS build

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /app
COPY requirements.txt requirements.lock ./
# torch's own index has the build without CUDA, which the image needs once, below.
RUN pip install -c requirements.lock --extra-index-url https://download.pytorch.org/whl/cpu torch \
    && pip install -c requirements.lock -r requirements.txt
COPY rag rag
RUN python -m rag.export /var/lib/parapet/models/embedder

FROM python:3.11.14-slim-bookworm

RUN groupadd --gid 10001 parapet \
    && useradd --uid 10001 --gid parapet --home-dir /var/lib/parapet --no-log-init parapet \
    && install -d -o parapet -g parapet -m 0700 \
        /var/lib/parapet /var/lib/parapet/documents /var/lib/parapet/models /var/lib/parapet/run
COPY --from=build /opt/venv /opt/venv
COPY --from=build --chown=parapet:parapet /var/lib/parapet/models /var/lib/parapet/models
WORKDIR /app
COPY manage.py ./
COPY chatapp chatapp
COPY guardrails guardrails
COPY rag rag
COPY static static
COPY templates templates

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    VAR_DIR=/var/lib/parapet \
    HF_HUB_OFFLINE=1 \
    ANONYMIZED_TELEMETRY=False
USER parapet
EXPOSE 8000
ENTRYPOINT ["python", "-m", "chatapp.launch", "exec"]
CMD ["web"]
