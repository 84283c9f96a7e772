"""A job that runs a verb of the command line in a process of its own.

Training in the app's process would hold up every page: Streamlit collects garbage after
each run of a script, and torch and transformers make that slow.
"""

import re
import subprocess
import sys

from core.errors import JobCancelled, PedigreeError
from core.jobs import Job
from core.settings import PROJECT_ROOT

PROGRESS = re.compile(r"^\s*(\d{1,3})%\s+(.*\S)")


def run_verb(job: Job, *arguments: str) -> None:
    """Run `python -m core ARGUMENTS`; its progress lines become the job's.

    Raises JobCancelled when a person stops the job, PedigreeError with the verb's own
    sentence when it fails. The process never outlives the call.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "core", *arguments], cwd=PROJECT_ROOT, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    last = ""
    try:
        for line in process.stderr:
            last = line.strip() or last
            if found := PROGRESS.match(line):
                job.report(int(found[1]) / 100, found[2])
    except JobCancelled:
        process.terminate()
        raise
    finally:
        process.stderr.close()
        status = process.wait()
    if status:
        raise PedigreeError(job.title, f"failed: {last.rstrip('.')}")
