"""The same kernel on a Spark cluster: each part is counted where an executor runs, Spark only moves
the moments.

Needs the optional extra ``spark`` and Java 17 on the driver and on every worker, and the parts on
storage all of them can read. Counting is ``cells.count_rows`` in the executors; adding is
``cells.merge`` in the driver, so the cells are those of the local engine to the last bit.
"""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.counting.cells import Cells, merge
from analysis.counting.cells_io import from_arrow, part_as_arrow
from analysis.counting.parts import columns_read
from analysis.counting.variables import CellRequest, Variable
from analysis.errors import AnalysisError

_HERE = Path(__file__).parents[2]


def batches(
    incoming: Iterable[Any], keys: list[str], variables: list[Variable], columns: list[str]
) -> Iterator[Any]:
    """Runs in the executors: paths of parts in, their cells as Arrow batches out."""
    for batch in incoming:
        for path in batch.column("path").to_pylist():
            yield part_as_arrow(Path(path), keys, variables, columns)


@dataclass(frozen=True)
class SparkEngine:
    """Counts the parts of a snapshot on the cluster at ``url``: ``spark://host:7077`` or
    ``local[2]``.
    """

    url: str

    def count(self, parts: Sequence[Path], requests: Sequence[CellRequest]) -> list[Cells]:
        """Moments of all parts, one job per request and one task per part."""
        return [self.cells(parts, *request) for request in requests]

    def cells(
        self, parts: Sequence[Path], keys: Sequence[str], variables: Sequence[Variable]
    ) -> Cells:
        """Moments of all parts, one task per part.

        Raises
        ------
        AnalysisError
            Spark or Java is not installed, or the cluster cannot be reached.
        """
        names, wanted = list(keys), list(variables)
        columns = columns_read(names, wanted)
        paths = [(str(path.resolve()),) for path in parts]
        schema = (
            "".join(f"`{key}` string, " for key in names)
            + "n bigint, total array<bigint>, cross array<bigint>"
        )
        with warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", "PySpark does not yet fully support pandas", FutureWarning
            )
            session = self._session()
            # One path per task: repartition() would put some together.
            rows = session.sparkContext.parallelize(paths, len(paths))
            frame = session.createDataFrame(rows, "path string")
            try:
                job = frame.mapInArrow(
                    lambda incoming: batches(incoming, names, wanted, columns), schema
                )
                counted = job.toArrow()
            except Exception as error:
                raise AnalysisError(_reason(error)) from error
        return merge([from_arrow(counted, names, wanted)])

    def _session(self) -> Any:
        if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
            raise AnalysisError(
                "Spark needs Java 17: install it (Debian: openjdk-17-jre-headless), or use "
                "--engine local"
            )
        try:
            from pyspark.sql import SparkSession  # noqa: PLC0415  (an optional extra)
        except ImportError as error:
            raise AnalysisError(
                "Spark is not installed: pip install hai-long[spark], or use --engine local"
            ) from error
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        builder = SparkSession.builder.master(self.url).appName("hai-long cells")
        for name, value in _settings().items():
            builder = builder.config(name, value)
        try:
            return builder.getOrCreate()
        except Exception as error:
            raise AnalysisError(
                "no Spark at {url}: {reason}",
                url=self.url,
                reason=str(error).splitlines()[0][:200],
            ) from error


def _reason(error: Exception) -> str:
    """The line of an executor's traceback that says what is wrong."""
    lines = str(error).splitlines()
    said = [
        line.split("AnalysisError:", 1)[1].strip() for line in lines if "AnalysisError:" in line
    ]
    return said[-1] if said else f"the Spark job failed: {lines[0][:300] if lines else error!r}"


def _settings() -> dict[str, str]:
    """Settings a session needs to find this package in the executors; anything else is the
    cluster's own.
    """
    host = os.environ.get("SPARK_LOCAL_IP", "127.0.0.1")
    return {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": host,
        "spark.driver.bindAddress": host,
        "spark.driver.maxResultSize": "0",
        "spark.executorEnv.PYTHONPATH": os.pathsep.join(
            [str(_HERE), *filter(None, [os.environ.get("PYTHONPATH")])]
        ),
        "spark.executorEnv.POLARS_MAX_THREADS": "1",
        "spark.executorEnv.OPENBLAS_NUM_THREADS": "1",
    }


def stop() -> None:
    """End the session of this process, if there is one."""
    from pyspark.sql import SparkSession  # noqa: PLC0415

    if (session := SparkSession.getActiveSession()) is not None:
        session.stop()
