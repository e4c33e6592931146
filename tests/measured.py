"""The real command line, with the processor time and the memory that it took."""

import subprocess
import sys

MOST_SECONDS, MOST_MB = 2.0, 500
"""What a file that cannot be used may take, the start of Python included."""

_CHILD = """
import resource, subprocess, sys
done = subprocess.run([sys.executable, "-m", "bifurque", *sys.argv[1:]], capture_output=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
sys.stdout.buffer.write(done.stdout)
sys.stderr.buffer.write(done.stderr)
print(f"\\n{done.returncode} {used.ru_utime + used.ru_stime} {used.ru_maxrss / 1024}", file=sys.stderr)
"""


def refused(*words, **how):
    """What a command says of a file that it cannot use: exit code 2, in time, in little memory, without a traceback."""
    told = subprocess.run([sys.executable, "-c", _CHILD, *map(str, words)], capture_output=True, check=True, **how)
    said, _, figures = told.stderr.decode().rstrip().rpartition("\n")
    code, seconds, megabytes = figures.split()
    assert (code, told.stdout) == ("2", b"")
    assert "Traceback" not in said
    assert float(seconds) < MOST_SECONDS
    assert float(megabytes) < MOST_MB
    return said.strip()
