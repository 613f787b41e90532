"""Which KPI records go out, and when (contract 2, live 4)."""

from collections import deque
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from heapq import heappop, heappush

from stream.engine.entities.publication import Publication, Record
from stream.kpis.records import Records, RecordSpan, key_of, text_of
from stream.windows.totals import NOT_YET_MS, Total

NO_KPIS = b"[]"
SKEW_MS = 86_400_000
"""Margin (ms): a dropped window is one that no debtor partition may still change, however late it is."""


class Publisher:
    """Paces records, numbers revisions, and knows which windows end when."""

    def __init__(self, publication: Publication, lengths: Iterable[tuple[str, int]]) -> None:
        self._publication = publication
        self._lengths = dict(lengths)
        self._records = Records(
            publication.run, publication.minimum_sample, publication.targets, conduct=publication.conduct
        )
        self.watermark_ms: int | None = None
        self.revision_floor = 0
        """The highest revision of any window that is no longer held: revisions of new windows start above it."""
        self.forget_derived()

    def forget_derived(self) -> None:
        """Knows no windows any more."""
        self._queue: list[tuple[int, int, Total]] = []
        self.again: set[Total] = set()
        """Windows that are due only since the targets are others than they were published with."""
        self.behind = False
        """Whether the last look found more that was due than it was to give."""
        self._pushes = 0
        self._last_now_ms = NOT_YET_MS
        self._ends = _ByEnd()
        self._drops = _ByEnd()

    def admit(self, total: Total) -> bool:
        """Watches the end of a new tumbling window; False if it was dropped once and may not come again."""
        if self._publication.horizon_ms is None:
            return True
        if not self._is_final(total):
            self._ends.put(total)
        elif self.watermark_ms is not None and total.end_ms + self._kept_ms <= self.watermark_ms:
            return False
        else:
            self._drops.put(total)
        return True

    def resume(self, totals: Iterable[Total]) -> None:
        """Goes on with restored windows: ends are watched, and what waited for its turn is due."""
        self.forget_derived()
        for total in totals:
            if not total.rolling:
                (self._drops if total.final else self._ends).put(total)
            if total.queued:
                self._push(NOT_YET_MS, total)

    def look_again(self, totals: Iterable[Total]) -> None:
        """Windows that may show other targets than before are due, though nothing in them changed."""
        for total in totals:
            if not total.rolling and not total.name.startswith("interval_"):
                self.again.add(total)
                if not total.queued:
                    total.queued = True
                    self._push(NOT_YET_MS, total)

    def due(self, touched: list[Total], now_ms: int, most: int = 1 << 62) -> Iterator[Total]:
        """Windows to look at now: changed ones whose turn it is, those that waited for it, and new final ones.

        `most`: how many at most; the others wait for the next time, those first that have waited longest.
        """
        left = most
        back = now_ms < self._last_now_ms
        self._last_now_ms = now_ms
        while left > 0 and self._queue and (back or self._queue[0][0] <= now_ms):
            left -= 1
            total = heappop(self._queue)[2]
            self.again.discard(total)
            total.queued, total.unsaved = False, True
            yield total
        for total in touched:
            if total.queued:
                continue
            # Beyond it, the clock went back.
            paced = now_ms < total.paced_until_ms <= now_ms + self._publication.every_ms
            if left > 0 and not paced:
                left -= 1
                yield total
            else:
                total.queued = total.unsaved = True
                self._push(total.paced_until_ms if paced else now_ms, total)
        if self.watermark_ms is not None:
            for total in self._ends.until(self.watermark_ms - self._publication.grace_ms):
                self._drops.put(total)
                if left > 0:
                    left -= 1
                    yield total
                elif not total.queued:  # not in the state: whoever restores it finds that its end has passed
                    total.queued = True
                    self._push(now_ms, total)
        self.behind = left <= 0

    def publish(self, total: Total, as_of_ms: int, now_ms: int) -> Record | None:
        """The record of a window, if it differs from the one last published; one that never held a KPI has none."""
        kpis = self._records.kpis(_level(total), total.sums)
        final = self._is_final(total)
        shown = kpis
        if kpis != NO_KPIS and not total.rolling:
            shown += self._records.targets_text(total.text, total.name, total.start_ms)
        digest = blake2b(shown, digest_size=8).hexdigest()
        if (digest == total.digest and final == total.final) or (total.digest is None and kpis == NO_KPIS):
            return None
        total.revision = (total.revision or self.revision_floor) + 1
        total.digest, total.final, total.unsaved = digest, final, True
        total.paced_until_ms = now_ms + self._publication.every_ms
        return self._record(total, as_of_ms, kpis)

    def last_word(self, total: Total, as_of_ms: int) -> Record | None:
        """A window's only record in a replay that counts up to `as_of_ms`: revision 1, final if it ends by then."""
        kpis = self._records.kpis(_level(total), total.sums)
        if kpis == NO_KPIS:
            return None
        total.revision, total.final = 1, not total.rolling and total.end_ms <= as_of_ms
        return self._record(total, as_of_ms if total.rolling else min(total.end_ms, as_of_ms), kpis)

    def expired(self) -> Iterator[Total]:
        """Windows past every correction; `revision_floor` rises to their revisions."""
        if self.watermark_ms is None or self._publication.horizon_ms is None:
            return
        for total in self._drops.until(self.watermark_ms - self._kept_ms):
            self.retire(total)
            yield total

    def retire(self, total: Total) -> None:
        """The window is gone; should its key ever come again, it starts above."""
        self.revision_floor = max(self.revision_floor, total.revision)

    @property
    def _kept_ms(self) -> int:
        return self._publication.grace_ms + (self._publication.horizon_ms or 0) + SKEW_MS

    def _is_final(self, total: Total) -> bool:
        if total.final:
            return True
        if total.rolling or self.watermark_ms is None:
            return False
        return total.end_ms + self._publication.grace_ms <= self.watermark_ms

    def _push(self, at_ms: int, total: Total) -> None:
        self._pushes += 1
        heappush(self._queue, (at_ms, self._pushes, total))

    def _record(self, total: Total, as_of_ms: int, kpis: bytes) -> Record:
        if total.rolling:
            start_ms, end_ms = as_of_ms - self._lengths[total.name], as_of_ms
            key = key_of(total.text, total.name, "")
        else:
            start_ms, end_ms = total.start_ms, total.end_ms
            key = key_of(total.text, total.name, text_of(start_ms))
        site, level, entity = total.text.split("|")
        span = RecordSpan(site, level, entity, total.name, start_ms, end_ms)
        kpis = self._records.complete(span, as_of_ms, total.sums, kpis)
        return key, self._records.record(span, as_of_ms, total.final, total.revision, kpis)


def _level(total: Total) -> str:
    return total.text.split("|", 2)[1]


class _ByEnd:
    """Windows in the order of their ends."""

    def __init__(self) -> None:
        self._windows: dict[int, deque[Total]] = {}
        self._heap: list[int] = []

    def put(self, total: Total) -> None:
        found = self._windows.get(total.end_ms)
        if found is None:
            found = self._windows[total.end_ms] = deque()
            heappush(self._heap, total.end_ms)
        found.append(total)

    def until(self, end_ms: int) -> Iterator[Total]:
        """Takes out those that end at `end_ms` or before, one by one: what is not asked for stays."""
        while self._heap and self._heap[0] <= end_ms:
            found = self._windows[self._heap[0]]
            while found:
                yield found.popleft()
            del self._windows[heappop(self._heap)]
