"""Topic: keys are words between dots; in a binding's key `*` is any one word and `#` any number of them, none included.

Bindings hang in a trie, one word per level. `stock.*.eu`, `stock.#` and `stock.#.eu`:

    root - stock - * - eu {1}
                 - # {2} - eu {3}

A key is matched word by word with all nodes that can be reached so far at once, so the cost is words x nodes reached,
never exponential. A `#` node is reached together with its parent (no word) and stays reached (any word); it is the only
kind of node that can be reached twice, so it carries the number of the step that reached it last. A `#` with nothing
below matches whatever follows: it is collected when reached and not walked again.

Hot: results are kept per key in a `KeyCache` until a binding changes. Uncached cost: see bench/micro/routes.py.
"""

from typing import Final

from dragoman.kernel.routes.binding import Arguments, Binding, Bindings, order_of
from dragoman.kernel.routes.cache import KeyCache
from dragoman.kernel.routes.matcher import Matcher
from dragoman.model.errors import InvalidArgument
from dragoman.ports.translator import FieldSource

KEYS_CACHED_MAX: Final = 16_384  # per route
WORDS_MAX: Final = 256  # of a binding's key: what 255 bytes can hold
ONE_WORD: Final = "*"
ANY_WORDS: Final = "#"


class Node:
    """A place in the trie. Invariant: it holds bindings or leads to a node that does (but the root)."""

    __slots__ = ("any_words", "bound", "children", "is_any", "one_word", "parent", "step", "word")

    def __init__(self, parent: "Node | None", word: str) -> None:
        self.parent = parent
        self.word = word
        self.is_any = word == ANY_WORDS and parent is not None
        self.children: dict[str, Node] = {}  # by literal word
        self.one_word: Node | None = None
        self.any_words: Node | None = None
        self.bound: dict[int, Binding] = {}  # order -> binding
        self.step = 0  # of `Topic._step`, when this `#` node was last reached

    def is_leaf(self) -> bool:
        """Whether nothing is below."""
        return not self.children and self.one_word is None and self.any_words is None

    def child(self, word: str) -> "Node | None":
        """The node one word of a binding's key further."""
        if word == ONE_WORD:
            return self.one_word
        if word == ANY_WORDS:
            return self.any_words
        return self.children.get(word)

    def make_child(self, word: str) -> "Node":
        """The same, made when missing."""
        node = self.child(word)
        if node is not None:
            return node
        node = Node(self, word)
        if word == ONE_WORD:
            self.one_word = node
        elif word == ANY_WORDS:
            self.any_words = node
        else:
            self.children[word] = node
        return node

    def drop_child(self, word: str) -> None:
        """Forget the node one word further."""
        if word == ONE_WORD:
            self.one_word = None
        elif word == ANY_WORDS:
            self.any_words = None
        else:
            del self.children[word]


class Topic(Matcher):
    """Bindings by patterns of words."""

    __slots__ = ("_cache", "_nodes", "_root", "_step")

    by_key = True

    def __init__(self) -> None:
        self._root = Node(None, "")
        self._nodes = 0  # below the root
        self._step = 0
        self._cache = KeyCache(KEYS_CACHED_MAX)

    def check(self, key: str, arguments: Arguments) -> None:
        if key.count(".") >= WORDS_MAX:
            raise InvalidArgument(f"a topic has at most {WORDS_MAX} words")

    def insert(self, binding: Binding) -> None:
        node = self._root
        for word in binding.key.split("."):
            known = node.child(word)
            if known is None:
                self._nodes += 1
                known = node.make_child(word)
            node = known
        node.bound[binding.order] = binding
        self._cache.clear()

    def remove(self, binding: Binding) -> None:
        node: Node | None = self._root
        for word in binding.key.split("."):
            assert node is not None
            node = node.child(word)
        assert node is not None
        del node.bound[binding.order]
        self._prune(node)
        self._cache.clear()

    def _prune(self, node: Node) -> None:
        """Take away the nodes that neither hold nor lead to a binding, from `node` up."""
        parent = node.parent
        while parent is not None and not node.bound and node.is_leaf():
            parent.drop_child(node.word)
            self._nodes -= 1
            node = parent
            parent = node.parent

    def match(self, key: str, fields: FieldSource | None, salt: int) -> Bindings:
        found = self._cache.get(key)
        if found is None:
            found = self.match_uncached(key)
            self._cache.put(key, found)
        return found

    def match_uncached(self, key: str) -> Bindings:
        """The bindings whose pattern fits the key, found by walking the trie."""
        self._step += 1
        matched: list[Node] = []
        active: list[Node] = [self._root]
        if self._root.any_words is not None:
            self._reach_any(self._root.any_words, active, matched)
        for word in key.split("."):
            active = self._advance(active, word, matched)
            if not active:
                break
        matched += active
        return _bindings_of(matched)

    def _advance(self, active: list[Node], word: str, matched: list[Node]) -> list[Node]:
        """The nodes that one word leads to from the `active` ones."""
        self._step += 1
        reached: list[Node] = []
        for node in active:
            if node.is_any:
                self._reach_any(node, reached, matched)
            child = node.children.get(word)
            if child is not None:
                reached.append(child)
                if child.any_words is not None:
                    self._reach_any(child.any_words, reached, matched)
            child = node.one_word
            if child is not None:
                reached.append(child)
                if child.any_words is not None:
                    self._reach_any(child.any_words, reached, matched)
        return reached

    def _reach_any(self, node: Node, reached: list[Node], matched: list[Node]) -> None:
        """Reach a `#` node, and those directly below it, unless this step has."""
        step = self._step
        below: Node | None = node
        while below is not None and below.step != step:
            below.step = step
            if below.is_leaf():
                matched.append(below)
            else:
                reached.append(below)
            below = below.any_words


def _bindings_of(nodes: list[Node]) -> Bindings:
    """Their bindings, each once, oldest first. A `#` leaf may have been reached in several steps."""
    if len(nodes) == 1:
        return tuple(nodes[0].bound.values())
    bound: dict[int, Binding] = {}
    for node in nodes:
        bound.update(node.bound)
    if len(bound) < 2:
        return tuple(bound.values())
    return tuple(sorted(bound.values(), key=order_of))
