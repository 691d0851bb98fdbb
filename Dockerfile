# fedpolicy in a container: `docker run --rm -v "$PWD:/work:ro" fedpolicy check .`
# The base is glibc: cel-expr-python has no wheel for musl. The release workflow looks up the digest of this tag and builds
# with BASE=python@sha256:...; by hand, the tag will do.
ARG BASE=python:3.13-slim-trixie
# hadolint ignore=DL3006
FROM ${BASE} AS build
WORKDIR /build
COPY requirements/run.txt ./
COPY dist/*.whl ./
RUN python -m venv /opt/fedpolicy \
  && /opt/fedpolicy/bin/pip install --no-cache-dir --require-hashes --only-binary=:all: --requirement run.txt \
  && /opt/fedpolicy/bin/pip install --no-cache-dir --no-index --no-deps ./*.whl \
  && /opt/fedpolicy/bin/python -m compileall -q /opt/fedpolicy/lib

# hadolint ignore=DL3006
FROM ${BASE}
# git says what is tracked, and holds what a change is compared with. Its version is the base's own.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install --yes --no-install-recommends git \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --create-home --uid 10001 fedpolicy
COPY --from=build /opt/fedpolicy /opt/fedpolicy
ENV PATH=/opt/fedpolicy/bin:$PATH PYTHONUTF8=1
USER 10001
WORKDIR /work
ENTRYPOINT ["fedpolicy"]
CMD ["--help"]
