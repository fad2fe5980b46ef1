#!/usr/bin/env python3
"""Prints a manual page in mdoc: a frame, with what the program itself tells of its commands and options.

    manual.py FRAME PROGRAM

Where the frame has the line `.\\" COMMANDS`, each command stands with its text and its own options; where it has
`.\\" OPTIONS`, the options that every command takes. So the page cannot say other than the program does.
"""

import json
import subprocess
import sys

WIDTH = "Ds"


def escaped(text):
    """A line of text, as roff takes it for itself."""
    text = text.replace("\\", "\\e").replace("--", "\\-\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def paragraphs(*texts):
    """Sentences each on a line of their own, as mdoc wants them, and `.Pp` between paragraphs."""
    lines = []
    for text in texts:
        for paragraph in (text or "").split("\n\n"):
            words = paragraph.split()
            if not words:
                continue
            if lines:
                lines.append(".Pp")
            line = []
            for word in words:
                line.append(word)
                if word[-1] in ".!?" and len(word) > 2 and not word.endswith("..."):
                    lines.append(escaped(" ".join(line)))
                    line = []
            if line:
                lines.append(escaped(" ".join(line)))
    return lines


def key(argument):
    return json.dumps(argument.get("names") or argument.get("valueName"), sort_keys=True)


def shown(command):
    """What a command takes, without what every program of this kind has."""
    arguments = [a for a in command.get("arguments", []) if a.get("shouldDisplay", True)]
    return [a for a in arguments if a.get("preferredName", {}).get("name") not in ("help", "version")]


def heading(argument):
    """How an argument is given, as the head of an item."""
    value = argument.get("valueName", "value").replace(" ", "-")
    if argument["kind"] == "positional":
        return f"Ar {value}"
    forms = []
    for name in argument["names"]:
        forms.append("Fl " + ("" if name["kind"] == "short" else "\\-") + name["name"])
    text = " , ".join(forms)
    return text if argument["kind"] == "flag" else f"{text} Ar {value}"


def items(arguments):
    if not arguments:
        return []
    lines = [f".Bl -tag -width {WIDTH}"]
    heads, abstracts = [heading(a) for a in arguments], [a.get("abstract", "") for a in arguments]
    for number, argument in enumerate(arguments):
        abstract = abstracts[number]
        # A switch and its opposite.
        if argument["kind"] == "flag" and abstract and abstract in abstracts[:number]:
            continue
        same = [h for h, a, o in zip(heads, abstracts, arguments) if a == abstract and o["kind"] == "flag"]
        lines.append(".It " + (" , ".join(same) if len(same) > 1 else heads[number]))
        values, default = argument.get("allValues"), argument.get("defaultValue")
        lines += paragraphs(abstract, argument.get("discussion"))
        if values and not all(value in abstract for value in values):
            lines.append(escaped(f"One of {', '.join(values)}."))
        if default not in (None, "") and argument["kind"] != "flag":
            lines.append(escaped(f"Without it: {default}."))
    return lines + [".El"]


def commands(command, path, common):
    """Every command that does something, those of commands after their own names."""
    lines = []
    for child in command.get("subcommands", []):
        name = child["commandName"]
        if name == "help" or not child.get("shouldDisplay", True):
            continue
        if any(c["commandName"] != "help" for c in child.get("subcommands", [])):
            lines += commands(child, path + [name], common)
            continue
        own = [a for a in shown(child) if key(a) not in common]
        targets = [a for a in own if a["kind"] == "positional"]
        head = f".It Cm {' '.join(path + [name])}"
        if len(own) > len(targets):
            head += " Oo Ar options Oc"
        for target in targets:
            head += f" Oo Ar {target.get('valueName', 'value')} Oc"
        lines.append(head)
        lines += paragraphs(child.get("abstract"), child.get("discussion"))
        lines += items(own)
    return lines


def leaves(command):
    children = [c for c in command.get("subcommands", []) if c["commandName"] != "help"]
    return [leaf for child in children for leaf in leaves(child)] if children else [command]


def main():
    frame, program = sys.argv[1:]
    told = subprocess.run([program, "--experimental-dump-help"], check=True, capture_output=True).stdout
    root = json.loads(told)["command"]
    known = [{key(a): a for a in shown(leaf)} for leaf in leaves(root)]
    common = {k: a for k, a in known[0].items() if len(known) > 2 and all(k in other for other in known)}
    with open(frame, encoding="utf-8") as lines:
        for line in lines:
            if line.rstrip() == '.\\" COMMANDS':
                print(f".Bl -tag -width {WIDTH}")
                print("\n".join(commands(root, [], common)))
                print(".El")
            elif line.rstrip() == '.\\" OPTIONS':
                print("\n".join(items(common.values())))
            else:
                print(line, end="")


main()
