"""Build time: put the style sheet into `style` attributes, for mail programs that read nothing else."""

from css_inline import CSSInliner
from jinja2.environment import Environment

from homing.emails.masking import around_jinja, masks_as_comments, masks_as_text


def inline_css(environment: Environment, source: str, css: str) -> str:
    """The template with `css` inlined; `<style data-css-inline="ignore">` stays as it is.

    A rule sees one file at a time, so style sheets name classes and do not rely on nesting across files.
    """
    inliner = CSSInliner(extra_css=css, keep_style_tags=True, load_remote_stylesheets=False)
    is_page = "<html" in source

    def inlined(masked: str) -> str:
        html = masks_as_comments(masked)
        done = inliner.inline(html) if is_page else inliner.inline_fragment(html, css)
        # An attribute without a value stays one: SES documents the word alone.
        return masks_as_text(done).replace(' data-css-inline="ignore"', "").replace('ses:no-track=""', "ses:no-track")

    return around_jinja(environment, source, inlined)
