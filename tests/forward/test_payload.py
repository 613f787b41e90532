"""What is posted of an alert."""

import hashlib
import hmac

from stream.forward.payload import alertmanager_alert, webhook_headers
from stream.publish.reading import read_alert
from tests.publish.records import AS_OF, alert


def test_a_record_is_signed_and_has_the_same_key_however_often_it_is_posted() -> None:
    _, body = alert("9f2c")
    headers = webhook_headers(read_alert(body), body, b"secret")
    assert headers["Idempotency-Key"] == "9f2c:firing"
    assert headers["X-Signature-256"] == "sha256=" + hmac.new(b"secret", body, hashlib.sha256).hexdigest()
    assert "X-Signature-256" not in webhook_headers(read_alert(body), body, None)


def test_alertmanager_gets_labels_annotations_and_when_it_began() -> None:
    posted = alertmanager_alert(read_alert(alert("9f2c", reason="connect_rate is 0.08", labels={"team lead": "Li"})[1]))
    assert posted == {
        "labels": {
            "alertname": "CollectionsAlert", "rule": "connect_rate_low", "site": "main", "level": "team",
            "entity": "t-3", "severity": "warning", "run": "live", "team_lead": "Li",
        },
        "annotations": {
            "reason": "connect_rate is 0.08", "value": "0.08", "kpi": "connect_rate", "window": "rolling_15m",
            "threshold": "0.1", "alert_id": "9f2c",
        },
        "startsAt": "2026-11-02T01:12:00Z",
    }  # fmt: skip


def test_an_end_says_when_and_has_the_labels_of_the_beginning() -> None:
    begins, ends = (alertmanager_alert(read_alert(alert(state=state)[1])) for state in ("firing", "resolved"))
    assert ends["endsAt"] == AS_OF
    assert ends["labels"] == begins["labels"]


def test_a_rules_own_labels_never_say_another_site() -> None:
    posted = alertmanager_alert(read_alert(alert(labels={"site": "x", "1st": "y", "": "z"}, value=None)[1]))
    assert posted["labels"]["site"] == "main"
    assert posted["labels"]["_1st"] == "y"
    assert posted["annotations"]["value"] == ""
