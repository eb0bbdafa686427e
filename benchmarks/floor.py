"""A short answer beside the floor: the same server, bytes and client, in turns in one run.

    python -m benchmarks.floor [800]

The floor is a bare WSGI application that compresses the same pages and commits one JSON row.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.machine import describe
from benchmarks.web import Citizen, fields, measure, short_answer
from tests.servers.conftest import SEED, Server, environment_for, manage, serve

ANSWERS = 800
ROUNDS = 3


def main(answers: int) -> None:
    print(describe())
    with tempfile.TemporaryDirectory(prefix="hailong-floor-") as name:
        folder = Path(name)
        environment = environment_for(folder, None)
        manage(environment, "migrate", "--verbosity", "0")
        environment["CODE"] = manage(environment, "shell", "--no-imports", "-c", SEED).split()[0]
        with serve(environment, folder, workers=1) as product:
            product.environment["CODE"] = environment["CODE"]
            _keep_pages(product, folder)
            own = {**environment, "FLOOR_FOLDER": name}
            with serve(
                own, folder, application="benchmarks.floor_application:application"
            ) as floor:
                floor.environment["CODE"] = environment["CODE"]
                _compare(product, floor, answers)


def _compare(product: Server, floor: Server, answers: int) -> None:
    found: dict[str, list[tuple[float, float]]] = {"product": [], "floor": []}
    for _round in range(ROUNDS):
        for name, server in (("product", product), ("floor", floor)):
            found[name].append(measure(server, short_answer, answers))
    ratio = median(one[0] / two[0] for one, two in zip(*found.values(), strict=True))
    for name, runs in found.items():
        cpu, rate = (median(run[place] for run in runs) for place in (0, 1))
        print(f"{name}: {cpu:.2f} ms server CPU a short answer, {rate:.0f}/s")
    print(f"a short answer takes {ratio:.1f} times the floor")


def _keep_pages(product: Server, folder: Path) -> None:
    """The pages the product sends, for the floor to send too."""
    citizen, code = Citizen(product), product.environment["CODE"]
    form = citizen.get(f"/s/{code}")
    _body, location = citizen.post(f"/s/{code}", {**fields(form), "overall": "4"})
    (folder / "form.html").write_bytes(form)
    (folder / "thanks.html").write_bytes(citizen.get(location))
    for page in ("form", "thanks"):
        size = len(gzip.compress((folder / f"{page}.html").read_bytes()))
        print(f"{page}: {size:,} bytes compressed")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ANSWERS)
