"""`homing local`: the local cloud as a server on this machine. Start at `serving.serve`."""

from local.server.app import make_app
from local.server.serving import PortTaken, serve
from local.server.shared_cloud import SharedCloud

__all__ = ["PortTaken", "SharedCloud", "make_app", "serve"]
