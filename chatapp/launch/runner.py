"""``make run``: every process of the Procfile, from nothing to an address that answers."""

import asyncio
import os
import shlex
import signal
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from types import ModuleType

from honcho.environ import parse_procfile

from chatapp.launch import folder, lineage, plan, welcome
from chatapp.launch.console import Console
from chatapp.launch.errors import LaunchError
from chatapp.launch.health import sign_of_life
from chatapp.launch.supervise import Keeper, Program, stop_all

ROOT = Path(__file__).resolve().parents[2]
POLL_SECONDS = 0.05
START_SECONDS = 180.0
INDEXING_SECONDS = 300.0
# For a server that somebody else starts, which should run by now.
PATIENCE_SECONDS = 10.0
# They work on rows and talk to the servers: started after, stopped before them.
PRODUCT = ("web", "worker", "beat")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Run until a signal. Raises LaunchError if something does not start, and
    ImproperlyConfigured for a bad setting before anything does."""
    began = monotonic()
    console = Console()
    var = Path(os.environ.get("VAR_DIR") or ROOT / "var").resolve()
    folder.prepare(var)
    procfile = parse_procfile((ROOT / "Procfile").read_text(encoding="utf-8")).processes
    with folder.only_runner(var) as announce:
        lineage.end_leftovers(var)
        folder.kept_secret(var / "secret_key")
        chosen = plan.make(var, procfile)
        announce(chosen.url)
        os.environ.update(chosen.settings)
        import chatapp.settings  # noqa: F401  refuses bad values

        try:
            asyncio.run(Runner(console, chosen, procfile, began).run())
        finally:
            lineage.end_leftovers(var)


class Runner:
    """One run of all processes."""

    def __init__(
        self, console: Console, chosen: plan.Plan, procfile: Mapping[str, str], began: float
    ) -> None:
        self.console = console
        self.plan = chosen
        self.began = began
        self.waiting: list[str] = []
        self.keepers = {
            name: Keeper(self._program(name, procfile[name]), self._tell) for name in chosen.own
        }

    def _program(self, name: str, command: str) -> Program:
        log = folder.fresh_log(self.plan.var, name)
        environment = self.plan.environment(name)
        return Program(name, shlex.split(command), environment, ROOT, log)

    def _tell(self, line: str) -> None:
        self.console.say(f"  {line}")

    async def run(self) -> None:
        """Start everything, keep it running until a signal, end everything."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(16))  # health checks wait in threads
        heard = asyncio.Event()
        for number in SIGNALS:
            loop.add_signal_handler(number, heard.set)
        end = asyncio.create_task(heard.wait())
        work = asyncio.create_task(self._bring_up())
        try:
            await asyncio.wait({work, end}, return_when=asyncio.FIRST_COMPLETED)
            if not end.done():
                work.result()
                await end
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            if heard.is_set():
                self._tell("stopping; what is under way is brought to an end first")
            work.cancel()
            await self._end()

    async def _bring_up(self) -> None:
        servers = [name for name in self.keepers if name not in PRODUCT]
        self._start(servers)
        async with asyncio.TaskGroup() as group:
            redis = group.create_task(self._healthy("redis"))
            models = group.create_task(self._healthy("inference"))
            group.create_task(self._healthy("chroma"))
            group.create_task(self._model())
            rows = await self._migrate()
            await redis
            self._start(PRODUCT)
            for name in PRODUCT:
                group.create_task(self._healthy(name))
            first = not rows.is_seeded()
            if first:
                # The worker would try the samples before anything can judge them, and log that.
                await models
            sign_ins = group.create_task(self._seed(rows))
        if first:
            await self._index(rows)
        welcome.greet(self.console, self.plan, sign_ins.result(), monotonic() - self.began)

    def _start(self, names: Iterable[str]) -> None:
        for name in names:
            sign_of_life(self.plan.var, name).unlink(missing_ok=True)  # an earlier one's
            self.keepers[name].start()

    async def _migrate(self) -> ModuleType:
        began = monotonic()
        rows = await asyncio.to_thread(import_rows)
        changed = await asyncio.to_thread(rows.migrate)
        outcome = "tables made or changed" if changed else "tables up to date"
        self.console.done("rows", outcome, monotonic() - began)
        return rows

    async def _healthy(self, name: str) -> None:
        """Wait until ``name`` is well; LaunchError if it dies too often or takes too long."""
        from chatapp.launch import health

        began = monotonic()
        self.waiting.append(name)
        while not await asyncio.to_thread(health.is_well, name):
            self._look(name, began)
            await asyncio.sleep(POLL_SECONDS)
        self.waiting.remove(name)
        if name in self.keepers:
            self.keepers[name].settled = True
        self.console.done(name, "ready", monotonic() - began)

    async def _model(self) -> None:
        """A model server of the site's own may come later: people can sign in and read."""
        from chatapp.launch import health

        url = self.plan.model_url
        if "model" in self.keepers:
            await self._healthy("model")
        elif not await asyncio.to_thread(health.listens, url):
            self.console.say(f"  {'model':14}nothing answers at {url} yet")

    def _look(self, name: str, began: float) -> None:
        keeper = self.keepers.get(name)
        if keeper is not None and (failure := keeper.failure()):
            raise failure
        if keeper is None and monotonic() - began > PATIENCE_SECONDS:
            raise LaunchError(plan.nobody_answers(name))
        if monotonic() - began > START_SECONDS:
            raise LaunchError(f"{name} is not well after {START_SECONDS:.0f} seconds.")
        seconds = monotonic() - self.began
        self.console.progress("waiting", f"for {', '.join(self.waiting)} ({seconds:.0f} s)")

    async def _seed(self, rows: ModuleType) -> list[str]:
        """Make people and sample documents where there are none; the sign-ins."""
        began = monotonic()
        sign_ins: list[str] = await asyncio.to_thread(rows.seed)
        self.console.done("accounts", "one of each role", monotonic() - began)
        return sign_ins

    async def _index(self, rows: ModuleType) -> None:
        """Show how the sample documents come along, for as long as somebody may want to watch."""
        began = monotonic()
        while not (state := await asyncio.to_thread(rows.indexing)).ended:
            if monotonic() - began > INDEXING_SECONDS:
                break
            self.console.progress("documents", state.outcome)
            await asyncio.sleep(4 * POLL_SECONDS)
        self.console.done("documents", state.outcome, monotonic() - began)

    async def _end(self) -> None:
        """Stop the product, then the servers that it talks to."""
        product = [self.keepers[name] for name in PRODUCT]
        await stop_all(product)
        await stop_all([keeper for keeper in self.keepers.values() if keeper not in product])


def import_rows() -> ModuleType:
    from chatapp.launch import rows

    return rows
