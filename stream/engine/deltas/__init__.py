"""What passes between the stages: contributions added up per entity, and their records."""

__all__ = ["buffer", "delta", "routing"]
