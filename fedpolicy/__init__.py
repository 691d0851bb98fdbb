"""fedpolicy: policy-as-code compliance checks for federated-learning deployments."""

__all__ = ["__version__"]

__version__ = "0.2.0"
