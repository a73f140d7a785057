"""Codes of pipelines and runs (letter L)."""

from hanse.base import Code

UNKNOWN_RELATION = Code(
    "HNS-L001",
    "unknown relation in a transform",
    "A transform reads something that is neither a table of its product, nor a file input, nor a table of a declared "
    "input port. Declare it in `pipeline.yaml` or `product.yaml`, or correct the name.",
)
CYCLE = Code(
    "HNS-L002",
    "cycle between transforms",
    "Transforms read each other in a circle, so none can be built first. The message shows the path.",
)
COLUMNS_DIFFER = Code(
    "HNS-L003",
    "columns differ from the contract",
    "What a transform or a file delivers has other columns than the contract's table: some are missing or some are "
    "extra. Change the transform's select list, or the contract.",
)
UNUSED_TRANSFORM = Code(
    "HNS-L004",
    "unused transform",
    "A private transform that no table of a contract needs is never built. Remove it, or read it.",
)
NOT_APPLIED = Code(
    "HNS-L010",
    "not applied",
    "The product's files are not those that were last applied, or it was never applied. Look at `hanse plan`, then run "
    "`hanse apply`.",
)
NO_UPSTREAM_RELEASE = Code(
    "HNS-L011",
    "an input port has no release yet",
    "The product reads another product, or a table of it, that has not been published yet. Run that one first.",
)
TRANSFORM_FAILED = Code(
    "HNS-L012",
    "a transform failed",
    "The engine could not run a transform's SQL. The reason is the engine's own; the file is the owner's.",
)
BLOCKED = Code(
    "HNS-L013",
    "the data breaks its contract",
    "At least one check of severity error failed or could not run. Nothing was published: consumers keep the last "
    "release. `hanse runs <id>` lists the checks and a sample of the failing rows.",
)
BUSY = Code(
    "HNS-L014",
    "a run of this product is under way",
    "Only one run of a product may be under way at a time. Wait for it, or look at `hanse runs`.",
)
NOTHING_TO_BUILD = Code(
    "HNS-L015",
    "nothing to build",
    "The product has no output port with a contract, so there is no table to build or publish.",
)
INPUT_CHANGED = Code(
    "HNS-L016",
    "an input changed during the run",
    "A file was written while the run was reading it, so it cannot be said which content was read. Run again when the "
    "delivery is complete.",
)
NO_SUCH_PRODUCT = Code(
    "HNS-L017",
    "no such product",
    "The name is not one of this mesh's products. `hanse list` shows them.",
)
TABLE_NOT_APPLIED = Code(
    "HNS-L018",
    "a table was never created",
    "The table store has no such table although the product is applied. Run `hanse apply` again, or `hanse doctor`.",
)
FILES_FAILED = Code(
    "HNS-L020",
    "a run could not keep its files",
    "The operating system refused a file or folder that a run works with: a full disk, a missing permission, a disk "
    "that went away. Consumers keep the last release. Mend what the reason says and run again.",
)
UNEXPECTED = Code(
    "HNS-L019",
    "a run stopped unexpectedly",
    "An error that Hanse did not foresee, or an interruption, ended the run. Consumers keep the last release.",
)
PYTHON_SYNTAX = Code(
    "HNS-L050",
    "a Python transform is not Python",
    "A file of `transforms` that ends in `.py` cannot be parsed by the Python that runs Hanse. The place is the "
    "parser's own.",
)
PYTHON_WITHOUT_FUNCTION = Code(
    "HNS-L051",
    "a Python transform without its function",
    "A Python transform is a function called `transform`, or like its table, at the top of its file. It must not be "
    "asynchronous.",
)
PYTHON_SIGNATURE = Code(
    "HNS-L052",
    "inputs of a Python transform cannot be told",
    "Each parameter of a Python transform is an input: it is annotated with the type in which it is handed over, and "
    'named as in SQL, by its own name or in `Annotated[pa.Table, "port.table"]`. Defaults, `*args` and `**options` '
    "mean nothing here.",
)
PYTHON_RAISED = Code(
    "HNS-L053",
    "a Python transform raised an error",
    "The owner's code raised an exception. The place is the innermost line of the transform that it came through.",
)
PYTHON_TIMEOUT = Code(
    "HNS-L054",
    "a Python transform took too long",
    "It was ended after the seconds that `engine.python_seconds` in `mesh.yaml` allows. Make it faster, or allow more.",
)
PYTHON_MEMORY = Code(
    "HNS-L055",
    "a Python transform needed too much memory",
    "It was ended because it took more memory than `engine.memory_limit` in `mesh.yaml` allows. Work on relations or "
    "batches instead of whole tables, or allow more.",
)
PYTHON_ENDED = Code(
    "HNS-L056",
    "the process of a Python transform ended",
    "The process ended without a result: it was killed, it crashed in a library, or it could not be started. The "
    "message names the signal or the exit code.",
)
PYTHON_RESULT = Code(
    "HNS-L057",
    "a Python transform returned no table",
    "A Python transform returns an Arrow table, a stream of Arrow batches, a DuckDB relation, an Ibis expression or "
    "another object that gives Arrow batches; its columns have distinct names and types that Parquet keeps.",
)
PAUSED = Code(
    "HNS-L030",
    "the product is paused",
    "A rollback pauses a product, so that the next run does not bring back what was rolled back. Mend the input or the "
    "transform, then let it run again with `hanse resume domain.product`.",
)
COLUMNS_DRIFTED = Code(
    "HNS-L070",
    "the columns of a file have drifted",
    "A file has columns that its contract does not have, which were left out, or lacks some, which became null: "
    "`drift: ignore` or `drift: evolve` of the input asks for that. A contract never changes by itself: with `evolve`, "
    "the warning says which properties could be added to it.",
)
ONLY_NEW_REPLACED = Code(
    "HNS-L071",
    "only new files for a table that is replaced",
    "An input with `only_new` gives a run the files that were not taken in before, and a table with `materialize: "
    "replace` would hold nothing else. Let the table grow (`append`, `merge`, `partition`, `snapshot`), or remove "
    "`only_new`.",
)
FILES_TAKEN_BEFORE = Code(
    "HNS-L072",
    "files were taken in before this table",
    "A table begins to grow from an input with `only_new` whose earlier files other tables have taken in already; it "
    "would never see them. Give it an input of its own: the same pattern under another name.",
)
WINDOW_UNUSED = Code(
    "HNS-L080",
    "a window that nothing asks for",
    "A table with a `window` is built range by range, so its transform has to ask for the range: `$window_start` and "
    "`$window_end` in SQL, parameters of these names in Python. Without them each range would hold the whole.",
)
WINDOW_MISSING = Code(
    "HNS-L081",
    "a range is asked for without a window",
    "A transform uses `$window_start` or `$window_end`, and `pipeline.yaml` has no `window` for its table. Private "
    "transforms are built as a whole; only the transform of a contract's table has a window.",
)
NO_WINDOW = Code(
    "HNS-L082",
    "no range can be built by itself",
    "`--from` and `--to` build a range of the tables that have a `window` of that kind, times or keys, and the product "
    "has none.",
)
RANGE_OUTSIDE = Code(
    "HNS-L083",
    "the range is not there",
    "The range asked for begins before the window's start, ends in the future or after the greatest key, or is empty.",
)
BUILT_OTHERWISE = Code(
    "HNS-L084",
    "the rest of the table was built otherwise",
    "A range was asked for, and the visible rows come from another transform, contract or window. Both in one table "
    "would be neither. A run without a range builds everything anew.",
)
TOO_MANY_RANGES = Code(
    "HNS-L085",
    "too many ranges for one run",
    "The window is cut so fine that the run would have more ranges than one run builds.",
)
KEYS_WITHOUT_END = Code(
    "HNS-L086",
    "the end of the keys is not known",
    "`until` of a window over keys names a relation that the transform does not read, or a column that holds no whole "
    "numbers.",
)
COMPACTION_LOST_ROWS = Code(
    "HNS-L060",
    "compaction does not add up",
    "Joining a table's small files gave another number of rows than they hold. Nothing was changed. A file is probably "
    "damaged: `hanse doctor` looks at all of them.",
)
BAD_ROWS = Code(
    "HNS-L074",
    "more bad rows than the input allows",
    "Lines of a CSV file have too many or too few values, a stray quote, or bytes that are no text, and there are more "
    "of them than `bad_rows` of the input leaves aside. Nothing was published.",
)
HISTORY_LOST = Code(
    "HNS-L090",
    "rows of earlier deliveries are lost",
    "A table that grows holds what earlier deliveries brought, and its files or metadata are lost or damaged. A run "
    "has only today's delivery, so it cannot make the table anew. Restore the files from a backup, or roll back to a "
    "release that is whole: `hanse doctor` names it. To begin anew without the past, run once with `materialize: "
    "replace`.",
)
