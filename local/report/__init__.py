"""The report of a simulated run: one page for people that needs nothing but a browser.

The page is rendered by Jinja2 and holds all it shows, so that it can be mailed, archived and opened from a
disk years later. Its charts are SVG drawn here, by `charts.py`, rather than by a library: Plotly and Vega
bring one to four megabytes of script to a page that may be shown on a phone, smaller canvas libraries draw
nothing without script and cannot be styled, printed or read aloud, and the page needs two forms only, bars
and areas.
"""

from local.report.page import write_report

__all__ = ["write_report"]
