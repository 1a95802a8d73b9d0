# The two images of wasi-cloud. Both install the one wheel, each with the exact packages of its lock (.ci/locks).
#
#   buildah bud --format docker --target host     -t wasi-cloud-host .
#   buildah bud --format docker --target operator -t wasi-cloud-operator .
#
# BASE is any image with CPython 3.11 or newer and pip: docker.io/library/python:3.13-slim, or your own.
ARG BASE=docker.io/library/python:3.13-slim

FROM ${BASE} AS wheel
COPY .ci/locks /locks
RUN python -m venv /build && /build/bin/pip install --no-cache-dir --quiet --require-hashes -r /locks/build.lock
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY operator/src operator/src
COPY runtime-image/src runtime-image/src
RUN /build/bin/pip wheel --no-cache-dir --quiet --no-deps --no-build-isolation --wheel-dir /wheel .

# Bytecode is written here, with hashes in place of times and unchecked at run: the same sources give the same files, and
# nothing is compiled in a pod, whose root file system is read-only.
# kubernetes/aio is a second copy of its client, 68 MB that nothing here imports.
FROM wheel AS operator-packages
RUN python -m venv --without-pip /opt/wasicloud \
 && python -m pip --python /opt/wasicloud/bin/python install --no-cache-dir --quiet --no-compile --only-binary :all: --require-hashes -r /locks/operator.lock \
 && python -m pip --python /opt/wasicloud/bin/python install --no-cache-dir --quiet --no-compile --no-deps --no-index /wheel/*.whl \
 && rm -rf /opt/wasicloud/lib/python3*/site-packages/kubernetes/aio \
 && find /opt/wasicloud -type d \( -name tests -o -name test \) -prune -exec rm -rf {} + \
 && /opt/wasicloud/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/wasicloud/lib

FROM wheel AS host-packages
RUN python -m venv --without-pip /opt/wasicloud \
 && python -m pip --python /opt/wasicloud/bin/python install --no-cache-dir --quiet --no-compile --only-binary :all: --require-hashes -r /locks/host.lock \
 && python -m pip --python /opt/wasicloud/bin/python install --no-cache-dir --quiet --no-compile --no-deps --no-index /wheel/*.whl \
 && find /opt/wasicloud -type d \( -name tests -o -name test \) -prune -exec rm -rf {} + \
 && /opt/wasicloud/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/wasicloud/lib

FROM ${BASE} AS runtime
ENV PATH=/opt/wasicloud/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONSAFEPATH=1 HOME=/tmp LOGNAME=wasicloud
WORKDIR /tmp
USER 65532:65532

FROM runtime AS operator
COPY --from=operator-packages /opt/wasicloud /opt/wasicloud
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/healthz', timeout=2)"]
ENTRYPOINT ["python", "-m", "wasicloud_operator"]

FROM runtime AS host
COPY --from=host-packages /opt/wasicloud /opt/wasicloud
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:9090/healthz', timeout=2)"]
ENTRYPOINT ["python", "-m", "wasicloud_host"]
