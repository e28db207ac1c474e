"""The program: one line in, a few lines out; standard library only.

What it does is said by the first word of a message: `ask` for a permission, `choose` for an answer,
`read NAME` or `write NAME TEXT` for a file from its host, `wait` for the end; else it only talks.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path


def say(kind: str, **more: object) -> None:
    print(json.dumps({"is": kind, **more}), flush=True)


def lines() -> Iterator[dict[str, str]]:
    for line in sys.stdin:
        yield json.loads(line)


def turn(message: dict[str, str], coming: Iterator[dict[str, str]]) -> None:
    say("begin", message=message["id"], cwd=str(Path.cwd()), mode=" ".join(sys.argv[1:]))
    word, _, rest = message["text"].partition(" ")
    if word == "ask":
        say("ask", id="a1", what="paint", input={"colour": rest})
        say("talk", text=f"you said {next(coming)['verdict']}")
    elif word == "choose":
        say("choose", id="a2", question="Which colour?", options=["red", "blue"])
        say("talk", text=f"you chose {next(coming)['verdict']}")
    elif word in {"read", "write"}:
        name, _, text = rest.partition(" ")
        say(word, id="f1", path=name, text=text)
        answer = next(coming)
        said = f"refused: {answer['error']}" if answer["error"] else answer["text"]
        say("talk", text=f"{word}: {said}")
    elif word == "wait":
        next(coming)
    else:
        say("talk", text=f"I heard: {message['text']}")
    say("end", message=message["id"])


def main() -> None:
    coming = lines()
    for line in coming:
        match line["do"]:
            case "hello":
                say("hello", pid=os.getpid())
            case "message":
                turn(line, coming)
            case "mode":
                say("mode", mode=line["mode"], id=line["id"])
            case "bye":
                return
            case _:
                pass


if __name__ == "__main__":
    main()
