# TF Serving with the models inside, to send somewhere as one image. In the folder that `tfi2i export`
# wrote:
#
#     docker build -f /path/to/tfi2i/docs/docker/serving.Dockerfile -t my-models .
#     docker run --rm -p 127.0.0.1:8500:8500 -p 127.0.0.1:8501:8501 my-models
#
# compose.yaml, in the same folder, starts the official image on the folder instead.
FROM tensorflow/serving:2.20.0

COPY saved_model /models
# Weights are prepared once, and not for every image.
ENV TF_ONEDNN_ASSUME_FROZEN_WEIGHTS=1
# The image's own entry point serves one model by its name; this one serves all of them.
ENTRYPOINT ["tensorflow_model_server", "--port=8500", "--rest_api_port=8501", \
    "--model_config_file=/models/models.config", \
    "--enable_batching", "--enable_per_model_batching_parameters"]
USER 1000
EXPOSE 8500 8501
