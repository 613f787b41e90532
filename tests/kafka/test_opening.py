"""Laws of what a number refuses and where it begins (live 1, 3 and 4)."""

import pytest

from stream.kafka.exits import RefusedError
from stream.partition.context import WorkerSetup
from stream.partition.opening import Range, check_state, lost, starting_offsets
from stream.partition.positions import Position, Positions, decode
from stream.settings import load

FINGERPRINT = {"definitions.promise_grace_days": 3, "tzdata": "2026a"}


def worker_setup(**fingerprint: object) -> WorkerSetup:
    settings = load(None, {})
    partitions = {"collections.calls.v1": 8, "collections.kpi-stream.deltas": 4}
    return WorkerSetup(settings, partitions, FINGERPRINT | fingerprint, {})


def positions(**tps: int) -> Positions:
    return Positions(FINGERPRINT, 8, 4, {topic: Position(offset, None) for topic, offset in tps.items()}, 5)


def test_positions_survive_being_written() -> None:
    found = Positions(FINGERPRINT, 8, 4, {"calls": Position(3, 17), "cases": Position(0)}, None)
    assert decode(found.encode()) == found


def test_positions_of_another_format_are_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="format 3"):
        decode(positions().encode().replace(b'"f":2', b'"f":3'))


def test_a_state_made_under_another_definition_is_refused_naming_the_key() -> None:
    changed = worker_setup(**{"definitions.promise_grace_days": 5})
    with pytest.raises(RefusedError, match=r"ledger-2.*definitions\.promise_grace_days = 3.*says 5"):
        check_state(changed, "ledger", 2, positions())


def test_the_zone_that_a_site_is_given_is_named_and_what_it_was_before() -> None:
    given = worker_setup(**{"sites.east.zone": "Asia/Tokyo", "sites.east.shifts": {}})
    with pytest.raises(RefusedError) as error:
        check_state(given, "ledger", 2, positions())
    assert "the state was made with sites.east.zone = 'UTC', the configuration says 'Asia/Tokyo'" in str(error.value)
    assert "shifts" not in str(error.value)
    both = worker_setup(**{"sites.east.zone": "Asia/Tokyo", "sites.east.shifts": {"day": [1, 2]}})
    with pytest.raises(RefusedError, match=r"sites\.east\.shifts = \{\}.*and 1 more: sites\.east\.zone"):
        check_state(both, "ledger", 2, positions())


def test_a_state_made_for_other_partition_counts_is_refused() -> None:
    with pytest.raises(RefusedError, match="6 partitions of inbound topics, there are 8"):
        check_state(worker_setup(), "ledger", 2, Positions(FINGERPRINT, 6, 4))
    with pytest.raises(RefusedError, match=r"5 partitions of collections\.kpi-stream\.deltas, there are 4"):
        check_state(worker_setup(), "ledger", 2, Positions(FINGERPRINT, 8, 5))


def test_no_state_and_a_fitting_state_are_accepted() -> None:
    check_state(worker_setup(), "ledger", 2, None)
    check_state(worker_setup(), "ledger", 2, positions())


def test_reading_begins_where_the_state_ends_and_at_the_logs_start_without_one() -> None:
    ranges = {"calls": Range(10, 90), "cases": Range(20, 30)}
    assert starting_offsets(positions(calls=50), "ledger", 0, ranges, must_be_there=True) == {"calls": 50, "cases": 20}


def test_a_state_that_has_read_further_than_the_log_goes_is_refused() -> None:
    with pytest.raises(RefusedError, match=r"calls-0: .*offset 50.*ends at 40.*made anew"):
        starting_offsets(positions(calls=50), "ledger", 0, {"calls": Range(0, 40)}, must_be_there=False)


def test_deltas_deleted_unread_are_refused_and_unread_events_deleted_by_retention_are_skipped_and_counted() -> None:
    ranges = {"calls": Range(60, 90), "cases": Range(0, 9)}
    found = positions(calls=50, cases=9)
    with pytest.raises(RefusedError, match="records 50 to 59 were deleted"):
        starting_offsets(found, "ledger", 0, ranges, must_be_there=True)
    starts = starting_offsets(found, "ledger", 0, ranges, must_be_there=False)
    assert starts == {"calls": 60, "cases": 9}
    assert lost(found, starts) == {"calls": 10}
    assert lost(None, starts) == {}


def test_a_log_that_begins_later_than_what_the_state_has_read_was_made_anew() -> None:
    with pytest.raises(RefusedError, match=r"calls-0: the log begins later than.*offset 50.*made anew"):
        starting_offsets(positions(calls=50), "ledger", 0, {"calls": Range(0, 90, later=0)}, must_be_there=False)
    # Records that came since, none that came since, and old ones that retention has deleted: all is well.
    for there in (Range(0, 90, later=50), Range(0, 50), Range(30, 90, later=30)):
        assert starting_offsets(positions(calls=50), "ledger", 0, {"calls": there}, must_be_there=False) == {
            "calls": 50
        }


def test_a_state_that_does_not_know_what_the_group_has_read_is_refused() -> None:
    for found in (None, positions(cases=1)):
        with pytest.raises(
            RefusedError, match=r"ledger-0: the group has read calls up to offset 50.*would count twice"
        ):
            starting_offsets(found, "ledger", 0, {"calls": Range(0, 90, group=50)}, must_be_there=False)
    assert starting_offsets(
        positions(calls=7), "ledger", 0, {"calls": Range(0, 90, group=50)}, must_be_there=False
    ) == {"calls": 7}
