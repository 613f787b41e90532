"""What the Kafka room calls is what this room offers."""

import inspect

import pytest

from stream.partition import context
from stream.publish.collector import KpiCollector
from stream.publish.exposition import exposition
from stream.publish.meters import Meters
from stream.windows.plan import WindowPlan


def test_the_types_agree() -> None:
    """For the type checker; at run time they are two names for one object."""
    meters: context.MetricSink = Meters()
    outlet: context.CommitListener = KpiCollector(exposition(WindowPlan()))
    meters.add("collections_kpi_records_total")
    outlet.on_revoked(0)


@pytest.mark.parametrize(
    ("protocol", "ours", "method"),
    [(context.MetricSink, Meters, name) for name in ("add", "set", "drop", "observe")]
    + [(context.CommitListener, KpiCollector, name) for name in ("on_committed", "on_revoked")],
)
def test_every_method_takes_the_parameters_that_are_called(protocol: type, ours: type, method: str) -> None:
    def parameters(of: type) -> list[tuple[str, object, object]]:
        signature = inspect.signature(getattr(of, method))
        return [(p.name, p.kind, p.default) for p in signature.parameters.values()]

    assert parameters(ours) == parameters(protocol)
