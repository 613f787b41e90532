"""`/api/alerts`: the alerts, and what people do about them, for leads and managers (alerting 2)."""

import asyncio
import secrets
import time
from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from stream.alerts.action import Action, encode_action, made_action
from stream.alerts.handling import StandingSilence, covering
from stream.alerts.objection import objection
from stream.facts.instant import instant_ms, instant_text
from stream.http.pages import Page, Refused, caller_of, json_answer, json_body
from stream.http.roles import LEADS, Caller
from stream.publish.reading import PublishedAlert
from stream.publish.wallboard import Wallboard
from stream.settings import Settings
from stream.settings.units import duration_ms

PATH = "/api/alerts"
STATES = {"open": ("pending", "firing"), "all": ("pending", "firing", "resolved")} | {
    each: (each,) for each in ("pending", "firing", "resolved")
}
OF_ALERTS = ("ack", "unack", "judge")
LOADING_S, SENDING_S = 10.0, 10.0
POLL_S = 0.05

Json = dict[str, Any]


class AlertPages:
    """Lists what `wallboard` has read, and writes to the topic of actions. A lead sees and handles the alerts of his
    teams and of their agents; silences, and whatever is of no team, are a manager's."""

    def __init__(self, settings: Settings, wallboard: Wallboard) -> None:
        self._settings = settings
        self._wallboard = wallboard
        self._topic = f"{settings.kafka.topic_prefix}.alertactions.v1"

    def pages(self) -> list[Page]:
        """The two pages."""
        return [Page(PATH, self.listed, LEADS), Page(PATH, self.act, LEADS, method="POST")]

    async def listed(self, request: web.BaseRequest) -> web.StreamResponse:
        """GET: alerts, the latest first, with what was done about them, and the silences in force or to come."""
        caller, query = caller_of(request), request.query
        state = query.get("state", "open")
        if state not in STATES:
            raise Refused(400, f"state: there are {', '.join(STATES)}")
        asked = query.get("site") or caller.site
        if asked is not None and not caller.at(asked):
            raise Refused(403, f"site: yours is {caller.site}")
        await self._loaded()
        latest, now_ms = self._wallboard.latest, _now_ms()
        silences = latest.handlings.silences(now_ms, to_come=True)
        in_force = [each for each in silences if each.from_ms <= now_ms]
        alerts = [
            self._told(alert, in_force)
            for site in ([asked] if asked is not None else latest.alert_sites())
            for alert in [*latest.open_alerts(site), *latest.recent_alerts(site)]
            if alert.state in STATES[state] and _handles(caller, alert)
        ]
        alerts.sort(key=lambda each: instant_ms(each["at"]), reverse=True)
        shown = [_silence(each) for each in silences if each.match.site is None or caller.at(each.match.site)]
        return json_answer({"alerts": alerts, "silences": shown}, headers={"Cache-Control": "no-store"})

    async def act(self, request: web.BaseRequest) -> web.StreamResponse:
        """POST: one action; answers with the record that is in the topic then."""
        caller, body = caller_of(request), await json_body(request)
        if not isinstance(body, dict):
            raise Refused(400, "the body is not a JSON object")
        action = self._action(caller, body)
        await self._loaded()
        latest = self._wallboard.latest
        alert = latest.alert(action.id)
        refused = objection(action, alert is not None, latest.handlings)
        if refused is not None:
            raise Refused(404, refused)
        if action.action in OF_ALERTS:
            if alert is not None and not _handles(caller, alert):
                raise Refused(403, f"alert {action.id} is not of your teams")
        else:
            self._check_silence(caller, action)
        key, value = encode_action(action)
        await self._send(key, value)
        return json_answer(orjson.Fragment(value))

    def _told(self, alert: PublishedAlert, silences: list[StandingSilence]) -> Json:
        handling, silence = self._wallboard.latest.handlings.of(alert.alert_id), covering(silences, alert)
        taken = None
        if handling.since_ms is not None:
            taken = {"by": handling.by, "since": instant_text(handling.since_ms), "note": handling.note}
        fields = {name: getattr(alert, name) for name in PublishedAlert.__struct_fields__}
        silenced = None if silence is None else _silence(silence)
        return fields | {"taken": taken, "silenced": silenced, "judged": handling.true_alarm}

    def _action(self, caller: Caller, body: Mapping[str, Any]) -> Action:
        """What the body says, by whoever asks, now. Refused: it says something else."""
        now_ms = _now_ms()
        fields = dict(body) | {"at": instant_text(now_ms)}
        if caller.name:
            fields["by"] = caller.name
        try:
            if fields.get("action") == "silence":
                fields["id"] = f"s-{secrets.token_hex(8)}"
                if caller.site is not None and isinstance(fields.get("match"), dict):
                    fields["match"] = {"site": caller.site} | fields["match"]
                if (length := fields.pop("for", None)) is not None:
                    begin = fields.get("from")
                    begins_ms = now_ms if begin is None else instant_ms(begin)
                    fields["until"] = instant_text(begins_ms + duration_ms(length))
            return made_action(fields)
        except (ValueError, TypeError, AttributeError) as error:
            raise Refused(400, str(error)) from None

    def _check_silence(self, caller: Caller, action: Action) -> None:
        if caller.role != "manager":
            raise Refused(403, "silences are a manager's")
        standing = self._wallboard.latest.handlings.silence(action.id)
        match = action.match if action.action == "silence" else standing.match if standing is not None else None
        if caller.site is not None and (match is None or match.site != caller.site):
            raise Refused(403, f"site: yours is {caller.site}")

    async def _loaded(self) -> None:
        """Until the topics are read. Refused (503) where that takes long."""
        self._wallboard.start()
        feed, waited = self._wallboard.feed, 0.0
        while not feed.loaded:
            if waited >= LOADING_S:
                why = feed.problem or "the topics are still being read"
                raise Refused(503, why, {"Retry-After": "2"})
            await asyncio.sleep(POLL_S)
            waited += POLL_S

    async def _send(self, key: bytes, value: bytes) -> None:
        producer = AIOKafkaProducer(**self._settings.kafka_client_options(), acks="all", enable_idempotence=True)
        try:
            async with asyncio.timeout(SENDING_S):
                await producer.start()
                await producer.send_and_wait(self._topic, value, key)
        except (KafkaError, OSError, TimeoutError) as error:
            said = str(error).splitlines()
            raise Refused(503, said[0] if said else "no broker answers", {"Retry-After": "2"}) from error
        finally:
            await producer.stop()


def _handles(caller: Caller, alert: PublishedAlert) -> bool:
    """Whether the alert is among what he may act for."""
    team = {"team": alert.entity, "agent": alert.team}.get(alert.level)
    return caller.leads(alert.site, team)


def _silence(silence: StandingSilence) -> Json:
    return {
        "id": silence.id, "by": silence.by, "from": instant_text(silence.from_ms),
        "until": instant_text(silence.until_ms), "why": silence.why, "match": silence.match.named(),
    }  # fmt: skip


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
