"""The app's process: it serves, and so loads nothing that learns."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

# In a process of its own: the one that runs the tests has torch.
VISIT = """
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("app/main.py", default_timeout=60).run()
for name in ("compare", "map", "train", "figures", "explore"):
    app.switch_page(f"views/{name}.py").run()
    assert not app.exception, app.exception
sys.exit(", ".join({"torch", "torchvision", "sklearn", "openTSNE", "umap", "numba"} & sys.modules.keys()) or None)
"""


def test_no_page_loads_torch_or_scikit_learn():
    ended = subprocess.run([sys.executable, "-c", VISIT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
