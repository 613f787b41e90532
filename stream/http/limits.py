"""How much the server takes: of a request, of a caller, and of all together."""

import time
from collections import deque
from collections.abc import Callable, Hashable

HEAD_BYTES = 16 * 1024
"""Of a request line with all headers."""
BODY_BYTES = 1024 * 1024
REQUEST_S = 30.0
"""From its first byte until its answer is sent."""
IDLE_S = 75.0
"""Between two requests of a connection: longer than scrapes and probes are apart."""
CONNECTIONS = 200
"""Beyond this many, all but the health checks are answered with 503."""
MOST_CONNECTIONS = CONNECTIONS + 50
"""Beyond this many a connection is closed without being heard."""
REQUESTS_PER_S = 20
DIALLER_REQUESTS_PER_S = 1_000
OPEN_REQUESTS_PER_S = 1_000
"""Where the server is open, from one address: nobody can be told from a dialler."""

_MOST_COUNTED = 10_000


class Rates:
    """Counts requests by who makes them: at most so many in any second. `clock`: monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._taken: dict[Hashable, deque[float]] = {}

    def takes(self, who: Hashable, most: int) -> bool:
        """Whether one more is within the limit, which then counts; one that is refused does not."""
        now_s = self._clock()
        taken = self._taken.get(who)
        if taken is None or taken.maxlen != most:
            if len(self._taken) >= _MOST_COUNTED:
                self._forget(now_s)
            taken = self._taken[who] = deque(maxlen=most)
        if len(taken) == most and now_s - taken[0] < 1.0:
            return False
        taken.append(now_s)
        return True

    def _forget(self, now_s: float) -> None:
        """Leaves who asked within the last second; nobody, if they alone are too many."""
        late = {who: taken for who, taken in self._taken.items() if taken and now_s - taken[-1] < 1.0}
        self._taken = late if len(late) < _MOST_COUNTED else {}
