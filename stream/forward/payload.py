"""What is posted of an alert: to a webhook its record, signed; to Alertmanager labels, annotations and two instants."""

import hashlib
import hmac
import re
from typing import Any

from stream.alerts.handling import StandingSilence
from stream.facts.instant import instant_text
from stream.publish.reading import PublishedAlert

ALERT_NAME = "CollectionsAlert"
_NO_NAME = re.compile(r"[^a-zA-Z0-9_]")


def webhook_headers(alert: PublishedAlert, body: bytes, secret: bytes | None) -> dict[str, str]:
    """The headers of a record that is posted as it is. The key is the same however often the record is posted; the
    signature is the HMAC-SHA256 of the body."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": f"{alert.alert_id}:{alert.state}"}
    if secret is not None:
        headers["X-Signature-256"] = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    return headers


def alertmanager_alert(alert: PublishedAlert, silence: StandingSilence | None = None) -> dict[str, Any]:
    """An alert as `/api/v2/alerts` takes it, with who has silenced it meanwhile. Without `endsAt` it fires;
    Alertmanager ends it by itself when it has not heard of it for its `resolve_timeout` (5 minutes)."""
    own = {_label(name): value for name, value in alert.labels.items()}
    of_alert = {
        "alertname": ALERT_NAME, "rule": alert.rule, "site": alert.site, "level": alert.level, "entity": alert.entity,
        "severity": alert.severity, "run": alert.run,
    }  # fmt: skip
    annotations = {
        "reason": alert.reason, "value": "" if alert.value is None else f"{alert.value:.12g}", "kpi": alert.kpi,
        "window": alert.window, "threshold": f"{alert.threshold:.12g}", "alert_id": alert.alert_id,
    }  # fmt: skip
    if silence is not None:
        annotations["silenced"] = f"until {instant_text(silence.until_ms)} by {silence.by}: {silence.why}"
    posted: dict[str, Any] = {"labels": own | of_alert, "annotations": annotations}
    posted["startsAt"] = alert.fired_at or alert.active_since
    if alert.state == "resolved":
        posted["endsAt"] = alert.resolved_at or alert.at
    return posted


def _label(name: str) -> str:
    """A name that every Alertmanager takes."""
    plain = _NO_NAME.sub("_", name)
    return f"_{plain}" if plain[:1].isdigit() or not plain else plain
