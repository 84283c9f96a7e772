"""Look for known vulnerabilities in what .venv holds, with pip-audit.

pip-audit is installed into a folder of its own, never into .venv. Exit 0: none known,
or the database cannot be reached, which is said; 1: what was found is listed.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AUDITOR = ROOT / ".venv-audit"
PINNED = "pip-audit==2.10.1"
SECONDS = 300
NO_DATABASE = "skipped: the database cannot be reached"


def main() -> int:
    """Install the auditor where it is missing, run it, and tell what it found."""
    packages = next((ROOT / ".venv").glob("[Ll]ib*/**/site-packages"), None)
    if packages is None:
        return tell("there is no .venv yet; run `make setup` first", status=1)
    auditor = AUDITOR / ("Scripts" if sys.platform == "win32" else "bin") / "pip-audit"
    try:
        if not auditor.exists():
            install()
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            done = run(auditor, "--path", packages, "--progress-spinner", "off",
                       "--format", "json", "--output", report)  # fmt: skip
            if not report.exists():
                return tell(f"{NO_DATABASE} ({last_line(done.stderr)})")
            return listed(json.loads(report.read_text()))
    except subprocess.TimeoutExpired:
        return tell(f"{NO_DATABASE} (no answer in {SECONDS} s)")
    except subprocess.CalledProcessError as error:
        return tell(f"{NO_DATABASE} ({PINNED}: {last_line(error.stderr)})")


def install() -> None:
    """Install the auditor beside .venv, with uv when it is there."""
    python = AUDITOR / ("Scripts/python" if sys.platform == "win32" else "bin/python")
    uv = shutil.which("uv")
    if uv:
        run(uv, "venv", "--quiet", "--allow-existing", AUDITOR, check=True)
        run(uv, "pip", "install", "--quiet", "--python", python, PINNED, check=True)
        return
    run(sys.executable, "-m", "venv", AUDITOR, check=True)
    run(python, "-m", "pip", "install", "--quiet", PINNED, check=True)


def listed(report: dict) -> int:
    """Print each vulnerability; return the exit status."""
    packages = report["dependencies"]
    found = [
        f"{package['name']} {package['version']}: {one['id']}, mended in "
        f"{', '.join(one['fix_versions']) or 'no version yet'}"
        for package in packages
        for one in package.get("vulns", ())
    ]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    if packages and len(unknown) == len(packages):
        return tell(f"{NO_DATABASE} ({packages[0]['skip_reason'][:200]})")
    tell(f"{len(packages) - len(unknown)} packages looked up, {len(found)} known "
         f"vulnerabilities")  # fmt: skip
    if unknown:
        tell(f"not in the database: {', '.join(unknown)}")
    for line in found:
        tell(line)
    return 1 if found else 0


def run(*command: object, check: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a command quietly, for SECONDS at most."""
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=check,
        timeout=SECONDS,
    )  # fmt: skip


def last_line(text: str) -> str:
    """Return the last line that says something, 200 letters at most."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200].rstrip(".") if lines else "no reason given"


def tell(text: str, *, status: int = 0) -> int:
    """Print one line and return a status."""
    print(f"audit: {text}", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
