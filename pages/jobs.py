"""What runs and what ran, what the cache holds, and what this installation is."""

from core.ui.frame import frame
from core.ui.jobs.about_section import about_section
from core.ui.jobs.cache_section import cache_section
from core.ui.jobs.runs_section import ended_section, running_section

with frame(
    "Jobs", lead="Long work runs in the background and resumes where it stopped."
):
    running_section()
    ended_section()
    cache_section()
    about_section()
