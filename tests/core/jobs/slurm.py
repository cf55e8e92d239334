"""A SLURM of one node for a test: munge, slurmctld and slurmd, started by root without systemd, gone afterwards."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel")
CONF = """
ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SchedulerParameters=sched_interval=1,sched_min_interval=0
KillWait=5
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str:
    """Why SLURM can't be run here, "" if it can."""
    if os.geteuid() != 0:
        return "SLURM's daemons are started by root alone."
    path = f"{os.environ['PATH']}:/usr/sbin"
    absent = [program for program in PROGRAMS if not shutil.which(program, path=path)]
    return f"{', '.join(absent)} not installed: apt-get install slurm-wlm munge" if absent else ""


@contextmanager
def running(folder: Path) -> Iterator[dict[str, str]]:
    """What the environment must say for SLURM's commands to reach it. Its files, and its logs, lie in `folder`."""
    host = socket.gethostname().partition(".")[0]
    controller, node = _free_ports(2)
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    conf = folder / "slurm.conf"
    conf.write_text(
        CONF.format(host=host, controller=controller, node=node, folder=folder, cpus=os.cpu_count()), encoding="ascii"
    )
    key = folder / "munge.key"
    key.write_bytes(os.urandom(64))
    key.chmod(0o400)
    said = {"SLURM_CONF": str(conf), "PATH": f"{os.environ['PATH']}:/usr/sbin"}
    environment = os.environ | said
    munge = [f"--socket={folder}/munge.socket", f"--key-file={key}", f"--pid-file={folder}/munge.pid"]
    munge += [f"--log-file={folder}/munge.log", f"--seed-file={folder}/munge.seed", "--foreground", "--force"]
    daemons = [["munged", *munge], ["slurmctld", "-D"], ["slurmd", "-D", "-N", host]]
    started: list[subprocess.Popen] = []
    try:
        for daemon in daemons:
            started.append(subprocess.Popen(daemon, env=environment, stdout=_log(folder), stderr=subprocess.STDOUT))
            if daemon[0] == "munged":
                _wait_until(folder, lambda: (folder / "munge.socket").exists())
        _wait_until(folder, lambda: "idle" in _said(["sinfo", "--noheader", "--format=%T"], environment))
        yield said
    finally:
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(["scancel", "--full", "--user=root"], env=environment, timeout=10, capture_output=True)
        deadline = time.monotonic() + 15
        while _said(["squeue", "--noheader"], environment) and time.monotonic() < deadline:
            time.sleep(0.2)  # a job that outlives its slurmd would go on
        for process in reversed(started):
            process.terminate()
            process.wait(20)


def _log(folder: Path):
    return (folder / "daemons.log").open("ab")


def _said(command: list[str], environment: dict[str, str]) -> str:
    return subprocess.run(command, env=environment, capture_output=True, text=True).stdout


def _wait_until(folder: Path, condition) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        logs = "".join(path.read_text(errors="replace") for path in folder.glob("*.log"))
        assert time.monotonic() < deadline, f"SLURM does not start:\n{logs}"
        time.sleep(0.2)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [server.getsockname()[1] for server in sockets]
    for server in sockets:
        server.close()
    return ports
