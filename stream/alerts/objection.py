"""Why an action cannot be taken: it is about an alert or a silence that is not there (alerting 2)."""

from stream.alerts.action import Action, Silence, Unack, Unsilence
from stream.alerts.handling import Handlings
from stream.facts.instant import instant_text


def objection(action: Action, is_alert: bool, handlings: Handlings) -> str | None:
    """One line that says what is not there; None: the action may be taken. `is_alert`: its id is that of an alert."""
    if isinstance(action, Silence):
        return None
    if isinstance(action, Unsilence):
        silence = handlings.silence(action.id)
        if silence is None:
            return f"there is no silence {action.id}"
        over = action.at >= silence.until_ms or silence.from_ms >= silence.until_ms
        return f"silence {action.id} is over since {instant_text(silence.until_ms)}" if over else None
    if not is_alert:
        return f"there is no alert {action.id}"
    if isinstance(action, Unack) and handlings.of(action.id).by is None:
        return f"nobody has alert {action.id}"
    return None
