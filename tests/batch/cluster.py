"""A dask cluster on this machine: prints its address, and ends when its standard input does. See test_scheduler.py."""

from __future__ import annotations

import os
import sys

from distributed import Client, LocalCluster, WorkerPlugin


class Deadly(WorkerPlugin):
    """Lets a file called deadly.yaml end the worker that checks it."""

    def setup(self, worker):
        del worker
        from fedpolicy.batch import executors  # noqa: PLC0415  on the worker

        real = executors.check_file

        def check(source, judge):
            if source.name == "deadly.yaml":
                os._exit(1)
            return real(source, judge)

        executors.check_file = check


if __name__ == "__main__":
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster,
        Client(cluster) as client,
    ):
        client.register_plugin(Deadly())
        sys.stdout.write(f"{cluster.scheduler_address}\n")
        sys.stdout.flush()
        sys.stdin.read()
