"""What terminals send that no person typed, and bytes made of it."""

from __future__ import annotations

import random

ST, BEL = b"\x1b\\", b"\x07"

ANSWERS: tuple[bytes, ...] = (
    b"\x1b[?62;1;6;9;15;18;21;22c",  # DA1
    b"\x1b[?64;1;2;4;6;9;15;16;17;18;21;22;28c",
    b"\x1b[?1;2c",
    b"\x1b[>41;388;0c",  # DA2: xterm, kitty, iTerm2, tmux, screen
    b"\x1b[>1;4000;35c",
    b"\x1b[>0;95;0c",
    b"\x1b[>84;0;0c",
    b"\x1b[>83;40900;0c",
    b"\x1bP!|00000000" + ST,  # DA3
    b"\x1bP!|7E565445" + ST,
    b"\x1b[0n",  # DSR
    b"\x1b[24;80R",
    b"\x1b[?24;80;1R",
    b"\x1b[?2026;2$y",  # DECRQM
    b"\x1b[?2048;0$y",
    b"\x1b[?1004;1$y",
    b"\x1b[4;2$y",
    b"\x1b]4;1;rgb:cdcd/0000/0000" + BEL,  # colours
    b"\x1b]10;rgb:ffff/ffff/ffff" + ST,
    b"\x1b]11;rgb:1a1a/1a1a/2e2e" + ST,
    b"\x1b]11;rgb:1a1a/1a1a/2e2e" + BEL,
    b"\x1b]11;rgba:1a/1a/2e/ff" + ST,
    b"\x9d11;rgb:1a1a/1a1a/2e2e\x9c",
    b"\xc2\x9d11;rgb:yyyy/aaaa/nnnn\xc2\x9c",
    b"\x1b]52;c;eWVzCnlhQW5O" + BEL,  # the clipboard
    b"\x1b]52;c;" + b"eWFB" * 400 + ST,
    b"\x1b]L" + "Titel für yaAn".encode() + ST,  # titles
    b"\x1b]lyes Ub\xdc" + ST,
    b"\x1bP1+r544e=787465726d2d6b69747479" + ST,  # XTGETTCAP
    b"\x1bP0+r" + ST,
    b"\x1bP>|kitty(0.35.2)" + ST,  # XTVERSION
    b"\x1bP>|WezTerm 20240203-110809-5046fc22" + ST,
    b"\x1bP>|iTerm2 3.5.10" + ST,
    b"\x1bP>|tmux 3.4" + ST,
    b"\x1bP>|XTerm(388)" + ST,
    b"\x1bP1$r0m" + ST,  # DECRPSS
    b"\x1b_Gi=31;OK" + ST,  # kitty graphics
    b"\x1b_Gi=31,s=1;EINVAL: any thing at all" + ST,
    b"\x1b^privacy any" + ST,
    b"\x1bXstart any" + ST,
    b"\x1bPtmux;\x1b\x1b]11;rgb:1a1a/1a1a/2e2e\x1b\x1b\\" + ST,
    b"\x1b[?7u",  # kitty keys
    b"\x1b[?1u",
    b"\x1b[>4;2m",  # modifyOtherKeys
    b"\x1b[8;40;120t",  # sizes
    b"\x1b[4;800;1200t",
    b"\x1b[6;20;10t",
    b"\x1b[I",  # the focus
    b"\x1b[O",
    b"\x1b[<35;60;20M",  # the mouse: SGR, urxvt, X10, UTF-8
    b"\x1b[<64;60;20M",
    b"\x1b[67;97;121M",
    b"\x1b[M a!",
    b"\x1b[M ya",
    b"\x1b[M#\xe1\xff",
    b"\x1b[M \xc3\xa9\xc3\xa1",
    b"\x1b[T" + b"yaAnN1",
    b"\x1b[200~y\nyes, a A n\n\x1b[201~",  # pastes
    b"\x1b[200~a\x1b[201~y\n\x1b[201~",
    b"\x1b[200~\x1b[200~y\x1b[201~",
    b"\x1b[200~never ended y",
)
"""Answers and reports of xterm, kitty, iTerm2, WezTerm, tmux and screen, whole."""

PIECES = (
    *ANSWERS,
    b"y",
    b"a",
    b"A",
    b"n",
    b"N",
    b"e",
    b"f",
    b"1",
    b"]",
    b"[",
    b"\x1b",
    b"\r",
    b"\t",
)


def hostile(rng: random.Random) -> bytes:
    """Random bytes, or answers, cut and put together anyhow; at least two bytes."""
    match rng.randrange(4):
        case 0:
            made = rng.randbytes(rng.randint(2, 40))
        case 1:
            answer = rng.choice(ANSWERS)
            made = answer[: rng.randint(1, len(answer))]
        case 2:
            answer = rng.choice(ANSWERS)
            made = answer[rng.randrange(len(answer)) :]
        case _:
            made = b"".join(_cut(rng, rng.choice(PIECES)) for _ in range(rng.randint(2, 5)))
    return made if len(made) > 1 else made + rng.choice(ANSWERS)


def _cut(rng: random.Random, piece: bytes) -> bytes:
    start, end = sorted((rng.randint(0, len(piece)), rng.randint(0, len(piece))))
    return piece if rng.random() < 0.5 else piece[start:end]


def reads(rng: random.Random, data: bytes) -> list[bytes]:
    """Cut bytes into reads."""
    cuts = sorted(rng.randint(1, len(data) - 1) for _ in range(rng.choice((0, 0, 1, 2, 3))))
    ends = [*cuts, len(data)]
    parts = [data[a:b] for a, b in zip([0, *cuts], ends, strict=True)]
    return [part for part in parts if part]
