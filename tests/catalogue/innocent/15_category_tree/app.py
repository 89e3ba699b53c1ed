"""All categories below one, with their depth."""

from sqlalchemy import Column, Connection, ForeignKey, Integer, MetaData, Table, Text, literal, select

metadata = MetaData()
categories = Table(
    "categories",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("parent_id", ForeignKey("categories.id")),
    Column("name", Text),
    Column("slug", Text),
)


def subtree(conn: Connection, slug: str) -> list[tuple[int, str]]:
    """[(depth, name), ...] from the root down."""
    tree = (
        select(categories.c.id, categories.c.name, literal(0).label("depth"))
        .where(categories.c.slug == slug)
        .cte("tree", recursive=True)
    )
    children = categories.alias()
    tree = tree.union_all(
        select(children.c.id, children.c.name, tree.c.depth + 1).join(tree, children.c.parent_id == tree.c.id)
    )
    return [(row.depth, row.name) for row in conn.execute(select(tree).order_by(tree.c.depth, tree.c.name))]
