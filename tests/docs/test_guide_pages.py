from pathlib import Path

import pytest
from guide_pages import WrongPageError, blocks, commands, matches, run


def run_page(tmp_path: Path, text: str) -> Path:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    folder = tmp_path / "folder"
    folder.mkdir()
    run(page, folder)
    return folder


def test_a_page_runs_in_order_in_one_folder(tmp_path: Path) -> None:
    folder = run_page(
        tmp_path,
        """# A page
```yaml file=a/b.yaml
greeting: hello
```
```console
$ cat a/b.yaml
greeting: hello
$ cd a
$ ls
b.yaml
```
```python
from pathlib import Path
print(Path("b.yaml").read_text(), end="")
print("2 rows in 0.31 s")
```
```text output
greeting: hello
2 rows in … s
```
```text
Not run at all.
```
```yaml shown
not: run
```
""",
    )
    assert (folder / "a" / "b.yaml").read_text() == "greeting: hello\n"


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ("```console\n$ echo one\ntwo\n```", r"line 2: `echo one` prints something else"),
        ("```console\n$ echo one\n```", "prints something else"),
        ("```console\n$ true\nmore\n```", "prints something else"),
        ("```console\n$ echo one; exit 3\none\n```", "ended with 3 instead of 0"),
        ("```console\n$ echo one\none\n[exit 3]\n```", "ended with 0 instead of 3"),
        ("```console\n$ no-such-command-at-all\n…\n```", "ended with 127"),
        ("```console\nls\n```", r"starts with `\$ command`"),
        ("```python\nprint(1)\n```", "prints something else"),
        ("```python\nprint(1)\n```\n```text output\n2\n```", "prints something else"),
        ("```python\nraise SystemExit(2)\n```", "ended with 2"),
        ("```yaml\na: 1\n```", "give the block a `file=`"),
        ("```\nls\n```", "give the block a `file=`"),
        ("```yaml file=../a\na: 1\n```", "leaves the page's folder"),
        ("```console\n$ true\n", "never closed"),
        ("- list\n\n  ```console\n  $ true\n  ```", "indented"),
    ],
)
def test_a_wrong_page_fails(tmp_path: Path, block: str, complaint: str) -> None:
    with pytest.raises(WrongPageError, match=complaint):
        run_page(tmp_path, block)


def test_the_exit_code_can_be_expected(tmp_path: Path) -> None:
    run_page(tmp_path, "```console\n$ echo no >&2; exit 3\nno\n[exit 3]\n```")


def test_a_command_may_go_on(tmp_path: Path) -> None:
    run_page(tmp_path, "```console\n$ echo one \\\n  two\none two\n$ A=1 sh -c 'echo $A'\n1\n```")
    (command,) = commands(blocks("```console\n$ a \\\n  b\nout\n```")[0])
    assert (command.text, command.expected, command.line) == ("a \\\n  b", "out\n", 2)


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        ("a\n", "a\n", True),
        ("a\n", "a  \n\n", True),
        ("", "", True),
        ("", "a\n", False),
        ("a…c\n", "abc\n", True),
        ("a…c\n", "ab\nc\n", False),
        ("…\n", "", True),
        ("…\n", "a\nb\n", True),
        ("a\n…\nz\n", "a\nz\n", True),
        ("a\n…\nz\n", "a\nb\nc\nz\n", True),
        ("a\n…\nz\n", "a\nb\nc\ny\n", False),
        ("1 (x.y)*\n", "1 (xzy)*\n", False),
        ("a\nb\n", "b\na\n", False),
    ],
)
def test_dots_stand_for_anything_and_nothing_else_does(expected: str, actual: str, same: bool) -> None:
    assert matches(expected, actual) is same
