"""Starts the server under test; the tests of this folder share it.

CANDID_WIRE_SERVER names the program (the wire_server built beside the tests)."""
import os
import subprocess

KEY_ID, SECRET, REGION = "AKIDEXAMPLE", "example-secret", "us-east-1"


class Server:
    def __init__(self, **settings):
        env = dict(os.environ, CANDID_SERVER_PORT="0")
        env.update({"CANDID_" + name.upper(): str(value) for name, value in settings.items()})
        self.process = subprocess.Popen([os.environ["CANDID_WIRE_SERVER"]], env=env,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.port = int(self.process.stdout.readline())
        self.endpoint = f"http://127.0.0.1:{self.port}"

    def resident_mib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        if self.process.wait(timeout=30) != 0:
            raise RuntimeError("the server did not end well")


def client_environment(server):
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    env.update(AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET, AWS_DEFAULT_REGION=REGION, AWS_REGION=REGION,
               AWS_ENDPOINT_URL_REKOGNITION=server.endpoint, AWS_EC2_METADATA_DISABLED="true")
    return env
