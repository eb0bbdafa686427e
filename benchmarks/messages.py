"""Messages per second and CPU of the dispatcher at 150 ms provider latency. `python -m
benchmarks.messages [count]`
"""

from __future__ import annotations

import os
import resource
import socket
import subprocess
import sys
import time

from benchmarks.machine import describe

ACCOUNT, TOKEN = "AC" + "7" * 32, "for the benchmark"


def main(count: int) -> None:
    print(describe())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    provider = {
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_SENDER_ID": "HAILONG",
    }
    environment = {**os.environ, **provider, "TWILIO_API_BASE_URL": f"http://127.0.0.1:{port}"}
    command = [sys.executable, "manage.py", "fake_twilio", "--port", str(port), "--latency", "0.15"]
    fake = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
    assert fake.stdout is not None
    fake.stdout.readline()
    try:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        begun = time.monotonic()
        probe = ["sms_probe", "--count", str(count), "--threads", "32", "--rate", "100000"]
        done = subprocess.run(
            [sys.executable, "manage.py", *probe], env=environment, capture_output=True, text=True
        )
        spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    finally:
        fake.kill()
    print(done.stdout.strip() or done.stderr.strip())
    cpu = spent.ru_utime + spent.ru_stime - before.ru_utime - before.ru_stime
    whole = time.monotonic() - begun
    print(f"with start and migration {whole:.1f} s, {1000 * cpu / count:.1f} ms CPU a message")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
