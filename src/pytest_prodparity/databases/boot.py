"""Which boot of the machine this is."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path


@functools.cache
def identity() -> str:
    """A text that a reboot changes; empty where the system does not tell."""
    try:
        if sys.platform == "darwin":
            asked = subprocess.run(
                ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"], check=False, capture_output=True, timeout=10
            )
            return asked.stdout.decode().strip()
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (OSError, subprocess.SubprocessError):
        return ""
