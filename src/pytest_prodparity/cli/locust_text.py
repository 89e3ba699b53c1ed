"""The text of an exported locustfile, with gaps."""

ENVIRONMENT = """\
# As [tool.prodparity.env] has it.
for _name, _value in {{
{given}}}.items():
    for _key, _part in DATABASE.items():
        _value = _value.replace("{{db." + _key + "}}", _part)
    os.environ[_name] = _value
"""

FILE = '''\
"""The call that {node} gives to parity_stress, for Locust.

    DATABASE_URL=postgresql://USER:PASSWORD@HOST/COPY locust -f locustfile.py --headless -u {actors} -r {actors} -t 60s -s 10

On several cores add --processes 4; on several machines add --master on one, and start the others with --worker.
It writes what the call writes: point it at a copy, never at production. A user of Locust waits for its last call before
it makes the next (closed), so slow moments count too little; parity_stress(…, rate=…) counts them.
What the test arranges before the call is not in here. Exported by prodparity; needs Locust, and what the call imports.
"""

{future}import asyncio
import inspect
import itertools
import os
import sys
import threading
import time
from contextlib import {stack}
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import gevent
from gevent import monkey
from gevent.event import AsyncResult
from locust import User, constant, constant_throughput, events, task

GIVEN = os.environ.get("DATABASE_URL", "")
if "://" not in GIVEN:
    sys.exit("Set DATABASE_URL=postgresql://USER:PASSWORD@HOST/COPY")
REST = GIVEN.partition("://")[2]
_parts = urlsplit("postgresql://" + REST)
DATABASE = {{
    "url": "postgresql+psycopg://" + REST,
    "async_url": "postgresql+asyncpg://" + REST,
    "dsn": "postgresql://" + REST,
    "host": _parts.hostname or "",
    "port": str(_parts.port or 5432),
    "name": _parts.path.lstrip("/"),
    "user": unquote(_parts.username or ""),
    "password": unquote(_parts.password or ""),
}}
{environment}{database}sys.path[:0] = [str(Path(__file__).resolve().parent / _folder) for _folder in ({folders},)]

# --- of the test and its module
{module}


{maker} make_call(_exits):
{local}    return ({call}, {allow})


# --- the load
_stack = {stack}()
_lock = threading.Lock()
_made = []
_loops = []
_numbers = itertools.count()


def awaited(awaitable):
    """Coroutines run in one event loop, in a real thread: greenlets cannot share one."""
    if not _loops:
        _loops.append(AsyncResult())
        ready = gevent.get_hub().loop.async_()
        loops = []
        ready.start(lambda: _loops[0].set(loops[0]))

        def run_loop():
            loops.append(asyncio.new_event_loop())
            loops[0].call_soon(ready.send)
            loops[0].run_forever()

        monkey.get_original("_thread", "start_new_thread")(run_loop, ())
    loop = _loops[0].get()
    over, outcome = AsyncResult(), []
    done = gevent.get_hub().loop.async_()
    done.start(lambda: over.set(None))

    async def run():
        try:
            outcome.append((await awaitable, None))
        except BaseException as error:
            outcome.append((None, error))
        done.send()

    loop.call_soon_threadsafe(lambda: loop.create_task(run()))
    over.get()
    done.close()
    value, error = outcome[0]
    if error is not None:
        raise error
    return value


def the_call():
    """Made once a process, when the first user needs it."""
    with _lock:
        if not _made:
            call, allowed = {made}
            needed = [
                each for each in inspect.signature(call).parameters.values()
                if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
            ]
            _made.append((call, bool(needed), allowed))
    return _made[0]


@events.quitting.add_listener
def close(**_):
    {closed}


class Actor(User):
    wait_time = {pace}

    def on_start(self):
        self.number = next(_numbers)

    @task
    def call(self):
        call, takes_number, allowed = the_call()
        started, error = time.perf_counter(), None
        try:
            result = call(self.number) if takes_number else call()
            if inspect.isawaitable(result):
                awaited(result)
        except Exception as raised:
            error = None if isinstance(raised, allowed) else raised
        self.environment.events.request.fire(
            request_type="parity_stress", name="{name}", response_time=(time.perf_counter() - started) * 1000,
            response_length=0, exception=error, context={{}},
        )
'''
