"""Runs a command under limits: `python -I launcher.py '{"memory": …}' COMMAND…`. Standard library only; ends in `exec`."""

import ctypes
import json
import os
import sys

REFUSED = 97
"""The exit status where this machine does not allow it."""
_NEWNS, _NEWUSER = 0x20000, 0x10000000
_RDONLY, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 32, 4096, 16384, 1 << 18


def read_only(paths: "list[str]") -> None:
    """In a mount namespace of its own these paths cannot be written to; raises OSError where that may not be."""
    libc = ctypes.CDLL(None, use_errno=True)

    def called(name: str, *arguments: object) -> None:
        if getattr(libc, name)(*arguments) != 0:
            raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")

    called("unshare", _NEWNS if os.geteuid() == 0 else _NEWNS | _NEWUSER)
    called("mount", None, b"/", None, _REC | _PRIVATE, None)
    for path in paths:
        place = os.fsencode(path)
        if path != "/":
            called("mount", place, place, None, _BIND | _REC, None)
        called("mount", None, place, None, _BIND | _REMOUNT | _RDONLY, None)


def main() -> None:
    """Limit this process, then become the command."""
    asked, command = json.loads(sys.argv[1]), sys.argv[2:]
    try:
        import resource

        if asked.get("read_only"):
            read_only(asked["read_only"])
        for name, which in (("open_files", resource.RLIMIT_NOFILE), ("memory", resource.RLIMIT_AS)):
            if asked.get(name) is not None:
                most = resource.getrlimit(which)[1]
                wanted = asked[name] if most == resource.RLIM_INFINITY else min(asked[name], most)
                resource.setrlimit(which, (wanted, wanted))
        if asked.get("gid") is not None:
            os.setgroups([])
            os.setgid(asked["gid"])
        if asked.get("uid") is not None:
            os.setuid(asked["uid"])
        if asked.get("umask") is not None:
            os.umask(asked["umask"])
    except (OSError, AttributeError, ValueError, ImportError) as cause:
        sys.stderr.write(f"prodparity: {cause}\n")
        os._exit(REFUSED)  # nothing was run
    os.execvp(command[0], command)  # noqa: S606  # that is what it is for


if __name__ == "__main__":
    main()
