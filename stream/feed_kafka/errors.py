"""Why a feed cannot go on."""


class CannotSend(Exception):  # noqa: N818 a sentence for the user, like all errors of the shell
    """A feed cannot write to Kafka or read its topic. One line that names the servers or the topic and the reason."""


class TooManyRefused(Exception):  # noqa: N818 a sentence for the user
    """So much is refused that the fault cannot be in single records (`limits.deadletter_*`). One line."""
