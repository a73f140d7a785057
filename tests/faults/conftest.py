from __future__ import annotations

import platform

# Faults are put between the process and the GNU C library; docs/decisions/0018 says what is tested elsewhere.
collect_ignore_glob = [] if platform.libc_ver()[0] == "glibc" else ["test_*.py"]
