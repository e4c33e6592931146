"""Every test in the same language, whatever that of the machine: the environment decides in which errors are told."""

import os

os.environ["LC_ALL"] = "C.UTF-8"
