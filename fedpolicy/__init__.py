"""fedpolicy: policy-as-code compliance checks for federated-learning deployments."""

__version__ = "0.2.0"
