"""Which tests a worker of pytest-xdist gets together."""

from xdist.scheduler import LoadFileScheduling

CLUSTER = "tests/cluster/"


class Files(LoadFileScheduling):
    """Those of a file, and all of the cluster, for a machine has room for one."""

    def _split_scope(self, nodeid: str) -> str:
        return CLUSTER if nodeid.startswith(CLUSTER) else super()._split_scope(nodeid)
