"""What can go wrong with a mail.

EmailError
├── TemplateInvalid   at build time: a file in `shop/emails` is wrong
└── RenderFailed      at send time: this mail cannot be made from this context
"""


class EmailError(Exception):
    """Any failure of this package."""


class TemplateInvalid(EmailError):
    """A template or text of the shop is wrong; the message names the file and, where known, the line."""


class RenderFailed(EmailError):
    """A mail could not be rendered: `template` and `language` as asked for, `reason` in one line."""

    def __init__(self, template: str, language: str, reason: str) -> None:
        super().__init__(f"mail '{template}' in '{language}' cannot be rendered: {reason}")
        self.template = template
        self.language = language
        self.reason = reason
