"""What the local cloud says when it cannot be what the template asks for.

CloudError
├── TemplateError         the template, or what was given for its parameters, is not valid
└── Unsupported           the template asks for something the local cloud does not do
"""


class CloudError(Exception):
    """Base of all errors of the local cloud itself."""


class TemplateError(CloudError):
    """The template or its parameters are not valid."""


class Unsupported(CloudError):
    """The template asks for a type, property, function or operation that the local cloud does not do."""
