"""What a worker shows of itself, built in one place: its registry, meters, window gauges and web server."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, ProcessCollector

from stream.core import COMPILED, installed_version
from stream.kpis.catalogue import CATALOGUE_VERSION
from stream.publish.collector import KpiCollector
from stream.publish.exposition import exposition
from stream.publish.feed import TopicReader
from stream.publish.latest_records import LatestRecords
from stream.publish.meters import Meters
from stream.publish.wallboard import Wallboard
from stream.publish.web import HealthAnswers, Web
from stream.settings import Settings

LINGER_S = 300.0


@dataclass(frozen=True)
class Front:
    """The worker calls `meters` and `collector`, and starts and stops `web`."""

    registry: CollectorRegistry
    meters: Meters
    collector: KpiCollector
    web: Web


def build_front(settings: Settings, health: HealthAnswers) -> Front:
    """A worker's front with a registry of its own. The page reads the output topics only while somebody looks."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    meters = Meters(registry)
    state_settings(meters, settings)
    session_s = settings.kafka.session_timeout_ms / 1_000
    alerts = LatestRecords({})
    collector = KpiCollector(exposition(settings.plan()), session_s, settings.deltas_partitions, alerts)
    # An alert that fired before this worker owned its entity must not look resolved: the topic tells of it.
    feed = TopicReader(settings, alerts, kpis=False)
    web = Web(registry, health, Wallboard(settings, LINGER_S), feed.run, collector.text)
    return Front(registry, meters, collector, web)


def state_settings(meters: Meters, settings: Settings) -> None:
    """Exports what the configuration says: version, sites and thresholds, so that panels share the rules' levels."""
    core = "compiled" if COMPILED else "interpreted"
    meters.set("collections_build_info", installed_version(), str(CATALOGUE_VERSION), core, to=1)
    for name, site in settings.plan().sites.items():
        meters.set("collections_site_info", name, site.zone, to=1)
    for rule in settings.rules():
        labels = (rule.rule, rule.kpi, rule.level, rule.severity, "above" if rule.above else "below")
        meters.set("collections_threshold", *labels, to=rule.threshold[0] / rule.threshold[1])
