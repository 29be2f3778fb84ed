"""An empty base for Buildbot's web server, without which its GitHub hook does not listen: Debian has no buildbot-www."""
from buildbot.www.plugin import Application

base = Application(__name__, "nothing to see", ui=False)
