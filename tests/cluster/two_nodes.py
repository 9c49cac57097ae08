"""A cluster of two nodes of one core each: prints its address, loses the second one at a line, ends with stdin."""

import sys

from musiq.cluster.connection import load_ray


def main() -> None:
    load_ray()
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    second = cluster.add_node(num_cpus=1)
    print(cluster.address, flush=True)
    for _ in sys.stdin:
        cluster.remove_node(second, allow_graceful=False)
        print("lost", flush=True)
    cluster.shutdown()


main()
