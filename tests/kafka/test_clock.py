"""Laws of a number's clock (live 2)."""

from stream.partition.clock import Clock, Statement

IDLE_MS = 30_000
AT_END = {"calls": True, "payments": True}


def clock(*, advance: bool = True) -> Clock:
    return Clock(("calls", "payments"), IDLE_MS, advance)


def wait(which: Clock, ms: int, at_end: dict[str, bool], wall_ms: int | None, began: int = 0) -> None:
    """Looks once a second for so long."""
    for now in range(began, began + ms + 1, 1_000):
        which.look(now, None if wall_ms is None else wall_ms + now, at_end)


def test_the_watermark_is_the_least_of_the_topics_and_unknown_while_one_is() -> None:
    c = clock()
    c.saw("calls", 100)
    assert c.statement() == Statement(None, 100, False)
    c.saw("payments", 70)
    assert c.statement() == Statement(70, 100, False)


def test_watermarks_never_go_back() -> None:
    c = clock()
    for at in (100, 50):
        c.saw("calls", at)
        c.saw("payments", at)
    assert c.statement() == Statement(100, 100, False)


def test_a_topic_at_its_log_end_for_idle_after_follows_the_wall_clock_less_idle_after() -> None:
    #   0 ------------ 30 s: idle -- 31 s
    c = clock()
    c.saw("calls", 1_000_000)
    wait(c, IDLE_MS - 1_000, AT_END, wall_ms=2_000_000)
    assert c.statement().watermark_ms is None
    wait(c, 0, AT_END, wall_ms=2_000_000, began=IDLE_MS)
    assert c.statement() == Statement(2_000_000, 2_000_000, False)
    c.look(31_000, 2_031_000, AT_END)
    assert c.statement().watermark_ms == 2_001_000


def test_silence_of_one_topic_moves_only_that_topic() -> None:
    c = clock()
    c.saw("calls", 1_000)
    wait(c, IDLE_MS, {"calls": False, "payments": True}, wall_ms=2_000_000)
    assert c.statement() == Statement(1_000, 2_000_000, False)
    assert c.idle == {"payments"}


def test_a_record_begins_the_count_anew() -> None:
    c = clock()
    wait(c, 20_000, AT_END, wall_ms=2_000_000)
    c.look(21_000, 2_021_000, {"calls": False, "payments": False})
    wait(c, 29_000, AT_END, wall_ms=2_000_000, began=22_000)
    assert c.statement().watermark_ms is None


def test_a_gap_in_looking_begins_the_count_anew() -> None:
    c = clock()
    wait(c, 20_000, AT_END, wall_ms=2_000_000)
    wait(c, 20_000, AT_END, wall_ms=2_000_000, began=40_000)  # 20 s without a look: paused, or restoring
    assert c.statement().watermark_ms is None


def test_a_clock_that_cannot_be_trusted_says_nothing() -> None:
    c = clock()
    wait(c, 10 * IDLE_MS, AT_END, wall_ms=None)
    assert c.statement() == Statement(None, None, False)


def test_without_idle_advance_a_silent_topic_is_left_out_and_the_wall_clock_is_no_event_time() -> None:
    c = clock(advance=False)
    c.saw("calls", 1_000)
    c.saw("payments", 500)
    wait(c, IDLE_MS, {"calls": False, "payments": True}, wall_ms=2_000_000)
    assert c.statement() == Statement(1_000, 1_000, False)


def test_without_idle_advance_all_silent_stands_at_the_greatest_and_is_left_out_by_stage_two() -> None:
    c = clock(advance=False)
    c.saw("calls", 1_000)
    c.saw("payments", 500)
    wait(c, IDLE_MS, AT_END, wall_ms=2_000_000)
    assert c.statement() == Statement(1_000, 1_000, True)


def test_a_topic_left_out_that_speaks_again_does_not_take_the_watermark_back() -> None:
    c = clock(advance=False)
    c.saw("calls", 1_000)
    c.saw("payments", 500)
    wait(c, IDLE_MS, {"calls": False, "payments": True}, wall_ms=0)
    c.statement()
    c.look(IDLE_MS + 1_000, 0, {"calls": False, "payments": False})
    c.saw("payments", 600)
    assert c.statement().watermark_ms == 1_000


def test_what_is_restored_counts_and_silence_begins_anew() -> None:
    c = clock()
    wait(c, IDLE_MS, AT_END, wall_ms=2_000_000)
    c.restore({"calls": 7, "payments": 9}, 11)
    c.look(IDLE_MS + 1, 9_000_000, AT_END)
    assert c.statement() == Statement(7, 11, False)
