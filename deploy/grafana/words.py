"""Words of the dashboards in both languages."""

from typing import Literal, NamedTuple

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
NAMES: dict[Language, str] = {"en": "English", "zh": "中文"}


class Words(NamedTuple):
    """The same in English and in Chinese."""

    en: str
    zh: str

    def of(self, language: Language) -> str:
        """In that language."""
        return self.en if language == "en" else self.zh


def uid(name: str, language: Language) -> str:
    """A dashboard's address in Grafana, which never changes, and its file's name."""
    return f"collections-{name}" if language == "en" else f"collections-{name}-{language}"
