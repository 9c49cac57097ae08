"""Which tests a worker of pytest-xdist gets together."""

from xdist.scheduler import LoadFileScheduling

# Packages whose files share what takes long to make: a cluster, exported networks.
WHOLE = ("tests/cluster/", "tests/export/")


class Files(LoadFileScheduling):
    """Those of a file, or of a package in `WHOLE`."""

    def _split_scope(self, nodeid: str) -> str:
        wholes = (package for package in WHOLE if nodeid.startswith(package))
        return next(wholes, super()._split_scope(nodeid))
