"""What the stories of the demo's repository ask, plan and write; an edit is file, old and new."""

from parallel_agents.agents.demo.frames import Frame

Edit = tuple[str, str, str]

FIX: Edit = ("shop/cart.py", "if count > MANY", "if count >= MANY")

RENAME: tuple[Edit, ...] = (
    ("shop/catalogue.py", "def price_of(", "def price_in_cents("),
    ("shop/cart.py", "import price_of", "import price_in_cents"),
    ("shop/cart.py", "full = price_of(", "full = price_in_cents("),
    ("tests/test_catalogue.py", "names, price_of", "names, price_in_cents"),
    ("tests/test_catalogue.py", "[price_of(name)", "[price_in_cents(name)"),
    ("README.md", "`price_of`", "`price_in_cents`"),
)

PLAN = """# Plan: a receipt in small functions

1. `money` writes cents as a price
2. `line` writes one line of a receipt
3. `receipt` only puts them together
4. A test for each, then run them

| File | Change |
|---|---|
| `shop/checkout.py` | two new functions |
| `tests/test_checkout.py` | two new tests |
"""

SPLIT: tuple[Edit, ...] = (
    (
        "shop/checkout.py",
        """def receipt(cart: Cart) -> str:
""",
        '''def money(cents: int) -> str:
    """A price as people write it."""
    return f"{cents // 100}.{cents % 100:02}"


def line(name: str, count: int) -> str:
    """One line of a receipt."""
    return f"{count:>3} x {name:<10} {money(cost(name, count))}"


def receipt(cart: Cart) -> str:
''',
    ),
    (
        "shop/checkout.py",
        """    lines = []
    for name, count in cart.items.items():
        cents = cost(name, count)
        lines.append(f"{count:>3} x {name:<10} {cents // 100}.{cents % 100:02}")
    total = cart.total()
    lines.append(f"total {total // 100}.{total % 100:02}")
    return "\\n".join(lines)
""",
        """    lines = [line(name, count) for name, count in cart.items.items()]
    return "\\n".join([*lines, f"total {money(cart.total())}"])
""",
    ),
)

SPLIT_TESTS: tuple[Edit, ...] = (
    ("tests/test_checkout.py", "import receipt", "import line, money, receipt"),
    (
        "tests/test_checkout.py",
        """        self.assertIn("2 x tea", lines[0])
""",
        """        self.assertIn("2 x tea", lines[0])

    def test_money(self) -> None:
        self.assertEqual([money(5), money(1234)], ["0.05", "12.34"])

    def test_line(self) -> None:
        self.assertEqual(line("tea", 2).split(), ["2", "x", "tea", "9.00"])
""",
    ),
)

QUESTIONS: list[Frame] = [
    {
        "question": "How should the orders be kept?",
        "header": "Store",
        "options": [
            {"label": "JSON lines", "description": "A text file, one order a line"},
            {"label": "SQLite", "description": "One file with tables, to ask questions of"},
        ],
        "multiSelect": False,
    },
    {
        "question": "What should come with the new module?",
        "header": "Extras",
        "options": [
            {"label": "Tests", "description": "A module of tests, and a run of it"},
            {"label": "README", "description": "A line that says where it is"},
        ],
        "multiSelect": True,
    },
]

JSON_LINES = '''"""Orders in a text file: one JSON object a line."""

import json
from pathlib import Path


class Orders:
    """The orders in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, items: dict[str, int]) -> None:
        """Keep one order."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(items) + "\\n")

    def all(self) -> list[dict[str, int]]:
        """Every order, the oldest first."""
        if not self._path.exists():
            return []
        return [json.loads(line) for line in self._path.read_text("utf-8").splitlines()]
'''

SQLITE = '''"""Orders in an SQLite file: a row for each thing of an order."""

import sqlite3
from contextlib import closing
from pathlib import Path

TABLE = "create table if not exists items (number int, name text, count int)"


class Orders:
    """The orders in one file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, items: dict[str, int]) -> None:
        """Keep one order."""
        with closing(sqlite3.connect(self._path)) as base, base:
            base.execute(TABLE)
            last = base.execute("select coalesce(max(number), 0) from items").fetchone()[0]
            rows = [(last + 1, name, count) for name, count in items.items()]
            base.executemany("insert into items values (?, ?, ?)", rows)

    def all(self) -> list[dict[str, int]]:
        """Every order, the oldest first."""
        orders: dict[int, dict[str, int]] = {}
        with closing(sqlite3.connect(self._path)) as base:
            base.execute(TABLE)
            for number, name, count in base.execute("select * from items order by number"):
                orders.setdefault(number, {})[name] = count
        return list(orders.values())
'''

TEST_ORDERS = """import tempfile
import unittest
from pathlib import Path

from shop.orders import Orders


class OrdersTest(unittest.TestCase):
    def test_none_at_first(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(Orders(Path(folder) / "orders").all(), [])

    def test_in_order(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            orders = Orders(Path(folder) / "orders")
            orders.add({"tea": 2})
            orders.add({"coffee": 1, "biscuits": 3})
            self.assertEqual(orders.all(), [{"tea": 2}, {"coffee": 1, "biscuits": 3}])
"""

README_ORDERS: Edit = (
    "README.md",
    "- `shop/checkout.py`: a cart as a receipt\n",
    "- `shop/checkout.py`: a cart as a receipt\n- `shop/orders.py`: every order, kept on disk\n",
)
