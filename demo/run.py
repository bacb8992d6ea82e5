"""The director of `make demo`: prepares, starts the stack, tells the story, and stops everything it started.

Environment: ONCE=1 stops at the end of the story instead of staying up; PORT is where the pages are to be.
Exit code: 0 when all happened as it should, 1 when something did not, 130 when it was interrupted before the end.
"""

import os
import secrets
import shutil
import signal
import sys
import time
from contextlib import ExitStack, suppress

from demo.ci import Api
from demo.pidfile import PidFile, PidFileError
from demo.preflight import DemoError, check_assets, check_writable, choose_ports
from demo.sample import ENVIRONMENTS, SERVICE, USER, Plan
from demo.stack import BASE_DIR, InterruptError, Stack, demo_environment, stop_processes
from demo.story import Story
from demo.terminal import RED, YELLOW, Terminal

VAR = BASE_DIR / "var"
ROOT = VAR / "demo"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SAMPLE_REGISTRY = BASE_DIR / "apps_registry" / "samples" / "repos.yml"


def main() -> int:
    terminal = Terminal()
    try:
        check_writable(VAR)
        with ExitStack() as exits:
            claim(exits)
            direct(terminal, exits)
    except InterruptError:
        return 130
    except BrokenPipeError:  # whoever read what we print has gone: nothing more can be said
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (DemoError, PidFileError) as error:
        terminal.write("")
        terminal.write(terminal.paint(f"The demo stopped: {error}", RED))
        return 1
    return 0


def claim(exits: ExitStack) -> None:
    """Be the only demo here, and clear away what a crashed one left. Raises DemoError when another one runs."""
    try:
        exits.enter_context(PidFile(VAR / "demo.pid").held())
    except PidFileError as error:
        url = (ROOT / "url").read_text() if (ROOT / "url").exists() else "an address it has yet to choose"
        raise DemoError(f"Another demo is running at {url}: stop that one with Ctrl-C first.") from error
    if ROOT.exists():
        stop_processes(ROOT)
        shutil.rmtree(ROOT)


def direct(terminal: Terminal, exits: ExitStack) -> None:
    once = os.environ.get("ONCE", "") not in ("", "0")
    check_assets(BASE_DIR / "static" / "build")
    port, *service_ports = choose_ports(1 + len(ENVIRONMENTS), fixed=os.environ.get("PORT", ""))
    ports = dict(zip(ENVIRONMENTS, service_ports, strict=True))
    password = secrets.token_urlsafe(12)
    stack = Stack(ROOT, demo_environment(ROOT, port, os.environ))
    (ROOT / "url").write_text(stack.url)
    exits.callback(stop, terminal, stack)
    for number in SIGNALS:
        signal.signal(number, stack.interrupt)

    terminal.heading("Preparing")
    secret = prepare(terminal, stack, ports, password)
    terminal.heading("Starting")
    start(terminal, stack)
    Story(terminal, stack, Api(stack.url, secret), ports).tell()
    if not once:
        stay(terminal, stack, password)


def prepare(terminal: Terminal, stack: Stack, ports: dict[str, int], password: str) -> str:
    """A database with the sample registry, the sample service and a token for its CI; returns the token's secret."""
    with terminal.timed("database", "migrated"):
        stack.manage("migrate", "--verbosity", "0")
    with terminal.timed("static files", "collected"):
        stack.manage("collectstatic", "--noinput", "--verbosity", "0")
    with terminal.timed("registry", f"imported {SAMPLE_REGISTRY.relative_to(BASE_DIR)}"):
        said = stack.manage("import_registry", str(SAMPLE_REGISTRY))
    terminal.line("", said.strip().splitlines()[-1].partition(". ")[0])
    with terminal.timed("registry", f"added {SERVICE} with {len(ports)} environments, and a sample user"):
        urls = {slug: f"http://127.0.0.1:{number}/" for slug, number in ports.items()}
        plan = Plan(root=str(ROOT), urls=urls, password=password)
        stack.manage(module="demo.seed", given=plan.to_json())
    with terminal.timed("token", "made for its CI: it may register releases of this service and read"):
        arguments = ["--application", SERVICE, "--scope", "releases:write", "--scope", "read"]
        said = stack.manage("create_token", "sample-service-ci", *arguments, secret=True)
    words = [word for word in said.split() if word.startswith("dpl_")]
    if not words:
        raise DemoError("`manage.py create_token` printed no secret.")
    return words[0]


def start(terminal: Terminal, stack: Stack) -> None:
    with terminal.timed("stack", "runs: " + ", ".join(stack.commands)):
        stack.start()
        stack.wait_until(stack.is_ready, f"{stack.url}/readyz answering", seconds=30)
    terminal.line("pages", stack.url)


def stay(terminal: Terminal, stack: Stack, password: str) -> None:
    """Say how to look around, and stay up until interrupted. Raises DemoError when a process ends by itself."""
    terminal.heading("Everything stays up; Ctrl-C stops it")
    terminal.line("pages", stack.url)
    terminal.line("sign in", f"{USER} with the password {password}")
    terminal.line("API", f"{stack.url}/api/v1/schema")
    terminal.line("logs", str(stack.logs))
    terminal.line("manage.py", f"with the demo's settings is {stack.write_manage()}")
    with suppress(InterruptError):
        while True:
            stack.check()
            time.sleep(0.2)


def stop(terminal: Terminal, stack: Stack) -> None:
    """Stop all that was started, deaf to further signals."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    started = time.monotonic()
    stopped = stack.stop()
    seconds = time.monotonic() - started
    terminal.heading("The end")
    terminal.line(
        "stopped", f"{len(stopped)} processes; what they wrote stays in {ROOT}", seconds=seconds, colour=YELLOW
    )


if __name__ == "__main__":
    sys.exit(main())
