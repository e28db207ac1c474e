"""The line above a diff: what is compared, with how many files, and how many have been viewed."""

from dataclasses import dataclass

from parallel_agents.core.worktree import DiffStat as ChangedFiles
from parallel_agents.tui.content.file_order import FileMarks, Totals
from parallel_agents.tui.text.lines import Block
from parallel_agents.tui.text.patch_lines import line_counts
from parallel_agents.tui.text.spans import Line, Span, block, flat, row
from parallel_agents.tui.text.styles import Ink


@dataclass(frozen=True, slots=True)
class HeadKey:
    """The key of the line above everything."""


def head_block(stat: ChangedFiles, whole: Totals, marks: FileMarks) -> Block:
    """Make the head of a diff.

    Args:
        stat: what was compared.
        whole: of the files that are shown.
        marks: what else is known of them.
    """
    scope, against, commit = _capital(stat.scope), stat.against, stat.commit
    viewed = len(marks.viewed)

    def build(width: int, ink: Ink) -> list[Line]:
        where = [flat(against, ink.text), flat(f" {commit[:10]}" if commit else "", ink.faint)]
        title = [flat(f"{scope}: ", ink.strong)] if scope else []
        if not whole.files:
            said = "no changes" if scope else "No changes yet"
            return block(
                [*title, Span(said, ink.muted), *_filter(marks, ink), *_to(where, ink)], width
            )
        noun = "file" if whole.files == 1 else "files"
        left = [*title, Span(f"{whole.files} {noun}", ink.muted), *_filter(marks, ink)]
        if viewed:
            left.append(Span(f", {viewed} of {whole.files} viewed,", ink.muted))
        left += _to(where, ink)
        return [Line(row(left, line_counts(whole.insertions, whole.deletions, ink), width))]

    version = (scope, against, commit, whole, marks.word, viewed)
    return Block(HeadKey(), version, build)


def _to(where: list[Span], ink: Ink) -> list[Span]:
    return [Span(" against ", ink.muted), *where]


def _filter(marks: FileMarks, ink: Ink) -> list[Span]:
    return [flat(f" with “{marks.word}”", ink.need)] if marks.word else []


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def refusal_block(title: str, message: str) -> Block:
    """Say why there is nothing to show.

    Args:
        title: what was to be compared.
        message: what is in the way.
    """

    def build(width: int, ink: Ink) -> list[Line]:
        return block([flat(f"{_capital(title)}: ", ink.strong), flat(message, ink.muted)], width)

    return Block(HeadKey(), (title, message), build, stop=False)
