# Training on an NVIDIA GPU. The machine needs its driver and NVIDIA's container toolkit; CUDA comes
# with TensorFlow's packages. In the repository's folder:
#
#     docker build -f docs/docker/training.Dockerfile -t tfi2i .
#     docker run --rm --gpus all -v "$PWD/photos:/data:ro" -v "$PWD/runs:/work/runs" \
#         tfi2i train cyclegan --data /data train.precision=auto train.xla=true
#
# It trains as user 1000, to whom the folder of the runs must belong.
FROM python:3.12-slim

WORKDIR /source
COPY pyproject.toml setup.py README.md LICENSE ./
COPY tfi2i tfi2i
COPY zoo zoo
COPY export export
# hadolint ignore=DL3013
RUN pip install --no-cache-dir '.[earth,litert,metrics,tiff]' 'tensorflow[and-cuda]==2.21.0'

RUN useradd --uid 1000 --create-home trainer && install -d -o trainer /work/runs
USER 1000
WORKDIR /work
ENTRYPOINT ["tfi2i"]
CMD ["--help"]
