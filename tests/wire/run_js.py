"""Runs the tests for the AWS SDK for JavaScript; 77 (skipped) where node or the package is absent."""
import os
import pathlib
import shutil
import subprocess
import sys

from harness import Server, client_environment, missing, photos

here = pathlib.Path(__file__).parent
if not shutil.which("node") or not (here / "node_modules/@aws-sdk/client-rekognition").exists():
    print("skipped: node or tests/wire/node_modules is absent; run npm ci in tests/wire")
    sys.exit(77)
if missing() or not photos(1, 3):
    print("skipped:", missing() or "no photos in ../shared/data/lfw-dev")
    sys.exit(77)
server = Server()
done = subprocess.run(["node", "--test", str(here / "sdk_test.mjs")], env=client_environment(server))
server.close()
sys.exit(done.returncode)
