"""Alerts out of the topic: to Alertmanager and to webhooks, at least once and in order per alert (alerting 3)."""

__all__ = ["alertmanager", "channel", "forwarder", "posting", "refused", "silences", "webhook"]
