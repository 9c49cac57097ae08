"""Blocks of a page written here."""

from tests.docs.blocks import read_blocks

PAGE = """# Title
```sh
musiq doctor
```

```
fine
```

Words.

<!-- not run: takes
a week -->
```py
x = 1
```

- a list
  ```yaml
  a: 1
  ```

      musiq score
"""


def test_blocks_are_found_with_line_language_and_mark():
    blocks = read_blocks("page.md", PAGE)
    assert [(block.line, block.language) for block in blocks] == [
        (3, "sh"),
        (7, ""),
        (15, "py"),
        (20, "yaml"),
        (23, "indented"),
    ]
    assert [block.follows for block in blocks] == [False, True, False, False, True]
    assert blocks[2].mark == ("not run", "takes a week")
    assert [block.runs for block in blocks] == [True, False, False, False, False]
