"""An app with timers; each writes a line to the file that RECORDS names."""

import json
import os
from pathlib import Path

import azure.functions as func

app = func.FunctionApp()


def record(function: str, timer: func.TimerRequest) -> None:
    """Write down what a timer was given."""
    line = {
        "function": function,
        "past_due": timer.past_due,
        "status": timer.schedule_status,  # type: ignore[attr-defined]  # the class that the runtime makes has it
        "schedule": timer.schedule,  # type: ignore[attr-defined]  # as above
    }
    with Path(os.environ["RECORDS"]).open("a") as file:
        file.write(json.dumps(line) + "\n")


@app.timer_trigger(arg_name="timer", schedule="* * * * * *")
async def often(timer: func.TimerRequest) -> None:
    """Runs every second."""
    record("often", timer)


@app.timer_trigger(arg_name="timer", schedule="%WHEN%", run_on_startup=True)
def eager(timer: func.TimerRequest) -> None:
    """Runs at the start of the host, too."""
    record("eager", timer)


@app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *")
async def nightly(timer: func.TimerRequest) -> None:
    """Runs once a day, and fails."""
    record("nightly", timer)
    raise ValueError("as always")
