"""kcat, told in this folder's way: ADDRESS produce|consume|group TOPIC COUNT."""

import subprocess
import sys

address, mode, topic, count = sys.argv[1:]
if mode == "produce":
    values = "".join(f"value-{number}\n" for number in range(int(count)))
    command = ["kcat", "-P", "-b", address, "-t", topic, "-p", "0"]
    sys.exit(subprocess.run(command, input=values, text=True, check=False).returncode)
if mode == "group":
    command = ["kcat", "-G", f"kcat-{topic}", "-b", address, "-c", count, "-q"]
    command += ["-X", "auto.offset.reset=earliest", topic]
    sys.exit(subprocess.run(command, check=False).returncode)
command = ["kcat", "-C", "-b", address, "-t", topic, "-o", "beginning", "-c", count, "-e", "-q"]
sys.exit(subprocess.run(command, check=False).returncode)
