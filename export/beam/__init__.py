"""Pictures by the million: a trained model in Apache Beam pipelines, on any of Beam's runners."""
