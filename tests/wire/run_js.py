"""Runs the tests for one AWS SDK for JavaScript (v3 or v2); 77 (skipped) where something is absent."""
import pathlib
import re
import shutil
import subprocess
import sys

from harness import MODELS, NO_PHOTOS, client_environment, photos, running

here = pathlib.Path(__file__).parent
script, package = {"v3": ("sdk_v3_test.mjs", "@aws-sdk/client-rekognition"),
                   "v2": ("sdk_v2_test.mjs", "aws-sdk")}[sys.argv[1]]
absent = ("node" if not shutil.which("node") else
          f"tests/wire/node_modules/{package}; run tools/npm_ci tests/wire"
          if not (here / "node_modules" / package).exists() else
          str(MODELS) if not (MODELS / "pack.toml").exists() else
          NO_PHOTOS if not photos(5, 3) else None)
if absent:
    print("skipped, absent:", absent)
    sys.exit(77)
with running() as server:
    done = subprocess.run(["node", "--test", "--test-reporter=tap", str(here / script)],
                          env=client_environment(server), stdout=subprocess.PIPE, text=True)
print(done.stdout)
counts = {name: int(value) for name, value in re.findall(r"^# (\w+) (\d+)$", done.stdout, re.M)}
print(f"{counts.get('pass', 0)} passed, {counts.get('fail', 1)} failed, "
      f"{counts.get('skipped', 0)} skipped")
sys.exit(done.returncode)
