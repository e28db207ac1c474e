"""A small repository for the demo that looks like somebody's work."""

from pathlib import Path

from parallel_agents.worktrees.compare.snapshot import IDENTITY
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.plumbing.git_version import require_git

_FILES = {
    ".parallel-agents.toml": 'agent = "demo"\n\n[checks]\ntests = "python3 -m unittest"\n',
    "README.md": """# shop

A small shop: a catalogue, a cart and a checkout.

    python3 -m unittest

- `shop/catalogue.py`: what can be bought; `price_of` returns a price in cents
- `shop/cart.py`: what somebody is about to buy, and what it costs
- `shop/checkout.py`: a cart as a receipt
""",
    ".gitignore": "__pycache__/\n*.pyc\n.env\n",
    "shop/__init__.py": '"""A small shop."""\n',
    "shop/catalogue.py": '''"""What can be bought, and for how much."""

PRICES = {"tea": 450, "coffee": 620, "biscuits": 299}
"""Prices in cents."""


def names() -> list[str]:
    """Everything that can be bought, by name."""
    return sorted(PRICES)


def price_of(name: str) -> int:
    """Price of one thing in cents."""
    return PRICES[name]
''',
    "shop/cart.py": '''"""What somebody is about to buy."""

from shop.catalogue import price_of

MANY = 10
"""From how many of one thing on each costs a tenth less."""


class Cart:
    """Things by name, and how many of each."""

    def __init__(self) -> None:
        self.items: dict[str, int] = {}

    def add(self, name: str, count: int = 1) -> None:
        """Put something into the cart."""
        self.items[name] = self.items.get(name, 0) + count

    def total(self) -> int:
        """Cost of everything in cents."""
        return sum(cost(name, count) for name, count in self.items.items())


def cost(name: str, count: int) -> int:
    """Cost of some of one thing in cents; many are cheaper."""
    full = price_of(name) * count
    return full * 9 // 10 if count > MANY else full
''',
    "shop/checkout.py": '''"""Turn a cart into a receipt."""

from shop.cart import Cart, cost


def receipt(cart: Cart) -> str:
    """A line for each thing, and the total."""
    lines = []
    for name, count in cart.items.items():
        cents = cost(name, count)
        lines.append(f"{count:>3} x {name:<10} {cents // 100}.{cents % 100:02}")
    total = cart.total()
    lines.append(f"total {total // 100}.{total % 100:02}")
    return "\\n".join(lines)
''',
    "tests/__init__.py": "",
    "tests/test_catalogue.py": """import unittest

from shop.catalogue import names, price_of


class CatalogueTest(unittest.TestCase):
    def test_everything_has_a_price(self) -> None:
        self.assertEqual([price_of(name) > 0 for name in names()], [True] * 3)
""",
    "tests/test_cart.py": """import unittest

from shop.cart import Cart


class CartTest(unittest.TestCase):
    def test_total(self) -> None:
        cart = Cart()
        cart.add("tea", 2)
        self.assertEqual(cart.total(), 900)

    def test_ten_cost_a_tenth_less(self) -> None:
        cart = Cart()
        cart.add("tea", 10)
        self.assertEqual(cart.total(), 4050)
""",
    "tests/test_checkout.py": """import unittest

from shop.cart import Cart
from shop.checkout import receipt


class CheckoutTest(unittest.TestCase):
    def test_receipt(self) -> None:
        cart = Cart()
        cart.add("tea", 2)
        lines = receipt(cart).splitlines()
        self.assertEqual(lines[-1], "total 9.00")
        self.assertIn("2 x tea", lines[0])
""",
}
"""One test fails: it is what an agent of the demo finds and fixes."""


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
