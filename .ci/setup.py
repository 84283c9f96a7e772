"""Make this checkout ready: a .venv from requirements.txt, a browser for the figures.

Needs only Python 3.11 or newer and its standard library. Prints what it does, and does
nothing when nothing has changed. `--tests` also installs what the tests look with.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / ".pedigree-requirements"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
BROWSER_PATHS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)


def main(arguments: list[str]) -> int:
    """Set up and return an exit status."""
    if sys.version_info < (3, 11):  # noqa: UP036 (run by any python3)
        return complain(
            "Pedigree needs Python 3.11 or newer; install it and try again."
        )
    if fingerprint() != recorded():
        install()
        STAMP.write_text(fingerprint())
    ensure_browser()
    if "--tests" in arguments:
        ensure_debian("pdftotext", ["poppler-utils"])
    return 0


def install() -> None:
    """Create .venv and install requirements.txt into it, with uv when it is there."""
    uv = shutil.which("uv")
    say(f"installing requirements.txt into .venv with {'uv' if uv else 'pip'}")
    if uv:
        run(uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, VENV)
        run(uv, "pip", "install", "--quiet", "--python", python(), "-r", requirements())
        return
    if not python().exists():
        create_venv()
    pip = (python(), "-m", "pip", "install", "--quiet", "--no-compile")
    run(*pip, "-r", requirements())
    compile_all()


def compile_all() -> None:
    """Compile what pip installed, on all cores, as pip itself does on one.

    What some package keeps for another Python is left as it is, as by pip.
    """
    for folder in VENV.glob("[Ll]ib/**/site-packages"):
        subprocess.run([python(), "-m", "compileall", "-qq", "-j", "0", folder])


def create_venv() -> None:
    """Create .venv with the standard library; Debian splits that part off."""
    if subprocess.run([sys.executable, "-m", "ensurepip", "--version"],
                      capture_output=True).returncode:  # fmt: skip
        ensure_debian("", ["python3-venv"])
    run(sys.executable, "-m", "venv", VENV)


def ensure_browser() -> None:
    """Find a Chromium for the PDF, SVG and PNG exports, or install one."""
    if find_browser():
        return
    say("installing a Chromium, which draws the PDF, SVG and PNG figures")
    if ensure_debian("chromium", ["chromium", "fonts-liberation"]):
        return
    if subprocess.run([python(), "-m", "playwright", "install", "chromium"]).returncode:
        say("no browser could be installed: everything works but PDF, SVG and PNG")


def find_browser() -> str | None:
    """Return the path of a browser already present."""
    found = [shutil.which(name) for name in BROWSERS]
    fixed = [path for path in BROWSER_PATHS if Path(path).exists()]
    own = [
        str(path)
        for folder in (".cache", "Library/Caches", "AppData/Local")
        for path in (Path.home() / folder / "ms-playwright").glob(
            "chromium-*/*/chrome*"
        )
    ]
    return next(
        filter(None, [os.environ.get("BROWSER_PATH"), *found, *fixed, *own]), None
    )


def ensure_debian(program: str, packages: list[str]) -> bool:
    """Install Debian packages, when root, unless `program` is there; say if it is."""
    if program and shutil.which(program):
        return True
    if not shutil.which("apt-get") or os.geteuid() != 0:
        say(f"for all features install: {' '.join(packages)}")
        return False
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    say(f"apt-get install {' '.join(packages)}")
    for line in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", "-qq", *line], env=quiet, stdout=subprocess.DEVNULL
        )
    return done.returncode == 0


def python() -> Path:
    """Return the interpreter of .venv."""
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def requirements() -> Path:
    """Return the list of direct dependencies."""
    return ROOT / "requirements.txt"


def fingerprint() -> str:
    """Return what a .venv depends on: the requirements and the interpreter."""
    return hashlib.sha256(
        requirements().read_bytes() + sys.version.encode()
    ).hexdigest()


def recorded() -> str:
    """Return the fingerprint of the installed .venv, or nothing."""
    return STAMP.read_text() if STAMP.exists() and python().exists() else ""


def run(*command: object) -> None:
    """Run a command or end with its status."""
    done = subprocess.run([str(part) for part in command])
    if done.returncode:
        sys.exit(complain(f"'{command[0]}' failed; see the lines above."))


def say(text: str) -> None:
    """Print one line about the setup."""
    print(f"pedigree: {text}", flush=True)


def complain(text: str) -> int:
    """Print an error and return the failing status."""
    print(f"pedigree: {text}", file=sys.stderr, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
