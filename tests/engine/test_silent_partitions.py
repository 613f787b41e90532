"""Laws of stage-1 numbers that say nothing: until when they hold finality back (live 2)."""

from stream.engine.deltas.delta import STATEMENT_KEY, encode_statement
from tests.engine.floor import BASE, HOUR, LIVE, MINUTE, feed, row, stage, state_time, ticked


def test_a_silent_number_holds_finality_until_it_is_dead() -> None:
    target = stage(numbers=2)
    feed(target, [row(0, dials=1)], BASE)
    state_time(target, BASE + HOUR)
    assert not any(record["final"] for record in ticked(target, 0).values())
    state_time(target, BASE + HOUR)
    for quarter in range(4):
        assert ticked(target, quarter * LIVE.dead_after_ms // 4) == {}
    assert ticked(target, LIVE.dead_after_ms - 1) == {}
    state_time(target, BASE + HOUR)
    assert any(record["final"] for record in ticked(target, LIVE.dead_after_ms).values())
    assert target.silent_partitions == {1}


def test_an_idle_number_is_left_out_and_all_idle_stand_at_the_greatest() -> None:
    target = stage(numbers=2)
    target.apply(STATEMENT_KEY, encode_statement(0, BASE, BASE + HOUR, idle=True))
    target.apply(STATEMENT_KEY, encode_statement(1, BASE + MINUTE, BASE + MINUTE))
    target.tick(0)
    assert target.watermark_ms == BASE + MINUTE
    target.apply(STATEMENT_KEY, encode_statement(1, BASE + MINUTE, BASE + MINUTE, idle=True))
    target.tick(1)
    assert target.watermark_ms == BASE + HOUR
