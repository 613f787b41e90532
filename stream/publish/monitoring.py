"""What a worker shows of itself, built together: its registry, meters, window gauges and web server."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, ProcessCollector

from stream.core import COMPILED, installed_version
from stream.http.access import Access
from stream.kpis.catalogue import CATALOGUE_VERSION
from stream.publish.alert_pages import AlertPages
from stream.publish.collector import KpiCollector
from stream.publish.exposition import Exposition, exposition
from stream.publish.headroom import HeadroomPage
from stream.publish.latest_records import LatestRecords
from stream.publish.meters import Meters
from stream.publish.topic_reader import TopicReader
from stream.publish.wallboard import Wallboard
from stream.publish.web import HealthAnswers, Web
from stream.settings import Settings

LINGER_S = 300.0
BOARD_REST = 50
"""A worker takes a fiftieth of a core at most to make views of the page: the stream comes first."""


@dataclass(frozen=True)
class Monitoring:
    """What a worker reports to: it calls `meters` and `collector`, and starts and stops `web`."""

    registry: CollectorRegistry
    meters: Meters
    collector: KpiCollector
    web: Web


def build_monitoring(
    settings: Settings, health: HealthAnswers, headroom: HeadroomPage | None = None, access: Access | None = None
) -> Monitoring:
    """The monitoring of one worker, with a registry of its own. The page reads topics only while somebody looks."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    meters = Meters(registry)
    export_settings(meters, settings)
    session_s = settings.kafka.session_timeout_ms / 1_000
    alerts = LatestRecords({})
    collector = KpiCollector(exposition_of(settings), session_s, settings.deltas_partitions, alerts)
    # An alert that fired before this worker owned its entity must not look resolved: it is read from the topic.
    feed = TopicReader(settings, alerts, kpis=False)
    wallboard = Wallboard(settings, LINGER_S, rest=BOARD_REST, meters=meters)
    pages = AlertPages(settings, wallboard).pages()
    web = Web(registry, health, wallboard, feed.run, collector, headroom, access, pages=pages)
    return Monitoring(registry, meters, collector, web)


def exposition_of(settings: Settings) -> Exposition:
    """What a configuration exports of windows."""
    wanted = settings.metrics
    return exposition(
        settings.plan(),
        wanted.agent_kpis,
        wanted.agent_windows,
        settings.targets(),
        limit_bytes=wanted.limit_kib * 1024,
    )


def export_settings(meters: Meters, settings: Settings) -> None:
    """Exports the version, the configured sites, and the rules' thresholds, so that panels use the same levels as
    alerts."""
    core = "compiled" if COMPILED else "interpreted"
    meters.set("collections_build_info", installed_version(), str(CATALOGUE_VERSION), core, to=1)
    for name, site in settings.plan().sites.items():
        meters.set("collections_site_info", name, site.zone, to=1)
    for rule in settings.rules():
        if rule.on != "value":
            continue  # its level is no value of the KPI's
        labels = (rule.rule, rule.kpi, rule.level, rule.severity, "above" if rule.above else "below")
        meters.set("collections_threshold", *labels, to=rule.threshold[0] / rule.threshold[1])
