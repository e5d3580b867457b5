"""Starts the server under test; the tests of this folder share it.

CANDID_BINARY names the product, CANDID_BUILD_DIR/models the converted models,
CANDID_SOURCE_DIR/../shared the photos. `missing` says what is not there."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

REGION = "us-east-1"
CANDID = os.environ["CANDID_BINARY"]
MODELS = pathlib.Path(os.environ["CANDID_BUILD_DIR"]) / "models" / "candid-default"
PHOTOS = pathlib.Path(os.environ["CANDID_SOURCE_DIR"]).parent / "shared/data/lfw-dev/images"


def missing():
    if not (MODELS / "pack.toml").exists():
        return f"no models in {MODELS}; candid models install --state {MODELS.parents[1]}"
    return None


def photos(people, each):
    """`each` photos of each of `people` persons, as paths; empty where there are none."""
    found = []
    for folder in sorted(PHOTOS.iterdir()) if PHOTOS.is_dir() else ():
        files = sorted(folder.glob("*.jpg"))
        if len(files) >= each and len(found) < people:
            found.append([str(file) for file in files[:each]])
    return found


class Server:
    def __init__(self, **settings):
        self.state = tempfile.mkdtemp()
        (pathlib.Path(self.state) / "models").mkdir()
        (pathlib.Path(self.state) / "models/candid-default").symlink_to(MODELS)
        made = subprocess.run([CANDID, "keys", "create", "--state", self.state, "--json"],
                              check=True, capture_output=True)
        key = json.loads(made.stdout)
        self.key_id, self.secret = key["id"], key["secret"]
        env = dict(os.environ, CANDID_SERVER_PORT="0", CANDID_LOG_FORMAT="json")
        env.update({"CANDID_" + name.upper(): str(value) for name, value in settings.items()})
        self.process = subprocess.Popen([CANDID, "serve", "--state", self.state], env=env,
                                        stderr=subprocess.PIPE, text=True)
        self.log = []
        self.port = self.await_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True).start()
        self.await_ready()

    def await_port(self):
        for line in self.process.stderr:
            self.log.append(line)
            if line.startswith("{") and json.loads(line).get("event") == "serving":
                return json.loads(line)["port"]
        raise RuntimeError("the server did not start: " + "".join(self.log))

    def await_ready(self):
        for _ in range(100):
            try:
                urllib.request.urlopen(self.endpoint + "/readyz").close()
                return
            except urllib.error.HTTPError as error:
                self.log.append(error.read().decode())
            time.sleep(0.1)
        raise RuntimeError("the server is not ready: " + "".join(self.log))

    def resident_mib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024

    def close(self):
        self.process.terminate()
        status = self.process.wait(timeout=30)
        shutil.rmtree(self.state)
        if status != 0:
            raise RuntimeError(f"the server ended with {status}: " + "".join(self.log))


def client_environment(server):
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    env.update(AWS_ACCESS_KEY_ID=server.key_id, AWS_SECRET_ACCESS_KEY=server.secret,
               AWS_DEFAULT_REGION=REGION, AWS_REGION=REGION,
               AWS_ENDPOINT_URL_REKOGNITION=server.endpoint, AWS_EC2_METADATA_DISABLED="true",
               CANDID_WIRE_PHOTOS=json.dumps(photos(5, 3)))
    return env
