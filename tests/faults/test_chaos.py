"""The short version of `make bench-chaos`: all is killed, cut and filled, and nothing is lost or doubled."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from bench.chaos_doors import node_is_there
from bench.chaos_parts import Rabbit
from bench.harness import ROOT

HOW = "needs root, Node.js with npm ci --prefix tests/clients, and RabbitMQ: apt-get install rabbitmq-server"
MESSAGES, FAULTS = 8_000, 8


@pytest.mark.skipif(not (os.geteuid() == 0 and node_is_there() and Rabbit.PROGRAM.exists()), reason=HOW)
def test_what_comes_out_of_a_night_of_faults_is_what_was_sent() -> None:
    command = [sys.executable, "-m", "bench.chaos", "--messages", str(MESSAGES), "--faults", str(FAULTS)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["sent"], result["lost"], result["doubled"], result["wrong"]) == (MESSAGES, 0, 0, 0)
    assert result["kills"] + result["cuts"] + result["full_disks"] >= FAULTS
