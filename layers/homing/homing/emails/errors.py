"""What can go wrong with a mail.

EmailError
├── TemplateInvalid    at build time: a file in `shop/emails` is wrong
├── RenderFailed       at send time: this mail cannot be made from this context
└── RenderingStopped   within a rendering, and the cause of its RenderFailed
"""


class EmailError(Exception):
    """Any failure of this package."""


class TemplateInvalid(EmailError):
    """A template or text of the shop is wrong; the message names the file and, where known, the line."""


class RenderFailed(EmailError):
    """A mail could not be rendered: `template` as asked for, `language` that it is written in, `reason` in one line.

    It is kept and logged, so none of it holds what the context said: of an error that was not foreseen only the kind.
    """

    def __init__(self, template: str, language: str, reason: str) -> None:
        super().__init__(f"mail '{template}' in '{language}' cannot be rendered: {reason}")
        self.template = template
        self.language = language
        self.reason = reason

    @property
    def detail(self) -> str:
        """What happened in full, which may quote the context: for whoever writes templates, with made-up data."""
        return self.reason if self.__cause__ is None else f"{type(self.__cause__).__name__}: {self.__cause__}"


class RenderingStopped(EmailError):
    """The mail must not be made so; the message holds nothing of the context."""
