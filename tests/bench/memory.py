"""Peak resident memory of whole training processes, as Linux counts it, in MB.

    python tests/bench/memory.py [--images 2000000]

Prints a Fashion-MNIST run's, without and with its 2-D maps, and that of one epoch over generated images that lie on
disk (784 bytes each, deleted afterwards), with the step that adds them. `anonymous` is memory of the process's own,
`file` are pages of files that it has mapped: libraries, and images that stay on disk.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

TRAIN = ("train", "ae", "--recipe", "fast")
_AT_ONCE = 50_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=2_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AECORE_HOME"] = folder
        show("Fashion-MNIST, no maps", *TRAIN, "--no-maps")
        show("Fashion-MNIST and its maps", *TRAIN, "--seed", "7")
        os.environ["AECORE_DATA"] = folder
        path = Path(folder, "generated.npy")
        generate(path, options.images)
        show(f"adding {options.images:,} images", "data", "add", "generated", str(path))
        path.unlink()
        for family in ("ae", "pca"):
            few = ("--epochs", "1") if family == "ae" else ()
            show(f"{family}, {options.images:,} images", "train", family, "--dataset", "generated", "--no-maps", *few)


def generate(path: Path, count: int) -> None:
    """So many images of a soft spot each, written part by part."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:28, :28].astype(np.float32)
    header = {"descr": "|u1", "fortran_order": False, "shape": (count, 28, 28)}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, count, _AT_ONCE):
            y, x, width = random.uniform(6, 22, (3, min(_AT_ONCE, count - start), 1, 1)).astype(np.float32)
            file.write((255 * np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / width)).astype(np.uint8).tobytes())


def show(what: str, *command: str) -> None:
    """Run an aecore command and print the most memory that it held."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "aecore", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    most = {"VmHWM": 0, "RssAnon": 0, "RssFile": 0}
    while process.poll() is None:
        for name, value in resident(process.pid).items():
            most[name] = max(most.get(name, 0), value)
        time.sleep(0.01)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with status {process.returncode}")
    peak, own, file = (value / 1000 for value in most.values())
    seconds = time.perf_counter() - began
    print(f"{what:<32} peak {peak:6.0f}  anonymous {own:6.0f}  file {file:6.0f}   ({seconds:.0f} s)", flush=True)


def resident(process: int) -> dict[str, int]:
    """Thousands of bytes by kind; VmHWM is the peak that the kernel kept."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return {}
    wanted = ("VmHWM", "RssAnon", "RssFile")
    return {name: int(line.split()[1]) * 1024 // 1000 for name in wanted for line in lines if line.startswith(name)}


if __name__ == "__main__":
    main()
