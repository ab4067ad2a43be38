"""A shop's mails: compiled at build time (`homing.emails.compiler`), rendered at send time (`Renderer`)."""

from homing.emails.errors import EmailError, RenderFailed, TemplateInvalid
from homing.emails.renderer import RenderedEmail, Renderer

__all__ = ["EmailError", "RenderFailed", "RenderedEmail", "Renderer", "TemplateInvalid"]
