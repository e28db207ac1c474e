"""A small repository for the demo that looks like somebody's work."""

from pathlib import Path

from parallel_agents.worktrees.compare.snapshot import IDENTITY
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.plumbing.git_version import require_git

_FILES = {
    ".parallel-agents.toml": 'agent = "demo"\n',
    "README.md": "# shop\n\nA small shop: a catalogue, a cart and a checkout.\n\n"
    "    python -m unittest\n",
    ".gitignore": "__pycache__/\n*.pyc\n.env\n",
    "shop/__init__.py": '"""A small shop."""\n',
    "shop/catalogue.py": '''"""What can be bought, and for how much."""

PRICES = {"tea": 450, "coffee": 620, "biscuits": 299}


def price_of(name: str) -> int:
    """Price in cents."""
    return PRICES[name]
''',
    "shop/cart.py": '''"""What somebody is about to buy."""

from shop.catalogue import price_of


class Cart:
    def __init__(self) -> None:
        self.items: dict[str, int] = {}

    def add(self, name: str, count: int = 1) -> None:
        self.items[name] = self.items.get(name, 0) + count

    def total(self) -> int:
        return sum(price_of(name) * count for name, count in self.items.items())
''',
    "shop/checkout.py": '''"""Turn a cart into an order."""

from shop.cart import Cart


def receipt(cart: Cart) -> str:
    lines = [f"{count} x {name}" for name, count in cart.items.items()]
    return "\\n".join([*lines, f"total {cart.total() / 100:.2f}"])
''',
    "tests/__init__.py": "",
    "tests/test_cart.py": """import unittest

from shop.cart import Cart


class CartTest(unittest.TestCase):
    def test_total(self) -> None:
        cart = Cart()
        cart.add("tea", 2)
        self.assertEqual(cart.total(), 900)
""",
}


def make_scratch_repository(parent: str) -> str:
    """Create the repository, with one commit on `main`; needs no configuration of the user.

    Args:
        parent: directory to create it in; created if missing.

    Returns:
        Path of the repository: `shop`, `shop-2` and so on.

    Raises:
        GitError: git failed.
        OSError: the files could not be written.
    """
    require_git()
    root = _free(Path(parent))
    for name, content in _FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    git = Git(str(root))
    git.write("init", "--quiet", "--template=", "--initial-branch=main")
    git = Git(str(root))
    git.write("add", "--all")
    git.write("commit", "--quiet", "-m", "Sell tea, coffee and biscuits", env=IDENTITY)
    return str(root.resolve())


def _free(parent: Path) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        root = parent / ("shop" if number == 1 else f"shop-{number}")
        try:
            root.mkdir()
        except FileExistsError:
            number += 1
        else:
            return root
