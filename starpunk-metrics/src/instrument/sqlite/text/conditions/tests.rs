use super::*;

/// Sources, compared and sorted columns, each as a person would list them.
fn read(sql: &str, quotes: DoubleQuotes) -> [String; 3] {
    let conditions = conditions(sql, quotes);
    let sources = conditions.sources.iter().map(|source| match &source.alias {
        Some(alias) => format!("{} {alias}", source.table),
        None => source.table.clone(),
    });
    let list = |columns: &[Column]| {
        let columns = columns.iter().map(|column| match &column.qualifier {
            Some(qualifier) => format!("{qualifier}.{}", column.name),
            None => column.name.clone(),
        });
        columns.collect::<Vec<_>>().join(" ")
    };
    [
        sources.collect::<Vec<_>>().join(", "),
        list(&[conditions.equal, conditions.ranges].concat()),
        list(&conditions.ordered),
    ]
}

#[test]
fn sources_and_columns_are_told() {
    for (sql, sources, compared, ordered) in [
        ("SELECT 1", "", "", ""),
        ("SELECT a FROM t", "t", "", ""),
        ("SELECT a FROM t WHERE b = ? AND c > 1", "t", "b c", ""),
        ("SELECT a FROM t WHERE c > 1 AND b = ?", "t", "b c", ""),
        ("SELECT a FROM t WHERE ? = b OR 1 < c", "t", "b c", ""),
        (
            "SELECT a FROM t x WHERE x.b = 1 AND X.B = 2 AND b = 3",
            "t x",
            "x.b b",
            "",
        ),
        (
            "SELECT a FROM main.t AS x WHERE x.b IN (1, 2) ORDER BY x.c DESC, d",
            "t x",
            "x.b",
            "x.c d",
        ),
        (
            "SELECT a FROM t JOIN u ON t.id = u.t_id WHERE u.b LIKE 'x'",
            "t, u",
            "t.id u.t_id",
            "",
        ),
        (
            "SELECT a FROM t x LEFT JOIN u AS y USING (id, k) WHERE y.b IS NULL",
            "t x, u y",
            "id k y.b",
            "",
        ),
        (
            "SELECT a FROM t, u y, v WHERE t.a = y.a",
            "t, u y, v",
            "t.a y.a",
            "",
        ),
        (
            "SELECT a FROM t JOIN u ON t.a = u.a, v WHERE v.b = 1",
            "t, u, v",
            "t.a u.a v.b",
            "",
        ),
        (
            "SELECT a FROM t WHERE b BETWEEN 1 AND 2 AND c GLOB 'x' AND d <= e",
            "t",
            "b d e",
            "",
        ),
        (
            "SELECT a FROM t WHERE b NOT IN (1) AND c IS NOT NULL AND d NOT LIKE ? AND e IS 1",
            "t",
            "e",
            "",
        ),
        (
            "SELECT a FROM t WHERE id IN (SELECT t_id FROM u WHERE u.b = 1) AND c = 2",
            "t, u",
            "id u.b c",
            "",
        ),
        (
            "SELECT a FROM (SELECT b FROM t WHERE c = 1 ORDER BY d) x WHERE x.b = 2",
            "t",
            "c x.b",
            "d",
        ),
        (
            "SELECT a FROM (t JOIN u ON t.b = u.b) WHERE c = 1",
            "t, u",
            "t.b u.b c",
            "",
        ),
        (
            "SELECT a, (SELECT b FROM u WHERE u.c = t.c) FROM t",
            "u, t",
            "u.c t.c",
            "",
        ),
        (
            "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.c = t.c)",
            "t, u",
            "u.c t.c",
            "",
        ),
        ("UPDATE t SET a = b WHERE c = 1", "t", "c", ""),
        (
            "UPDATE OR IGNORE main.t AS x SET a = 1 FROM u WHERE x.c = u.c",
            "t x, u",
            "x.c u.c",
            "",
        ),
        (
            "DELETE FROM t WHERE a < ? ORDER BY b LIMIT 1",
            "t",
            "a",
            "b",
        ),
        (
            "SELECT a FROM t WHERE lower(b) = ? AND c + 1 = 2 AND 1 + d = 2 AND e = f(g) AND h = i || 'x'",
            "t",
            "e h",
            "",
        ),
        (
            "SELECT a FROM t WHERE (b, t.c) = (1, 2) AND (d > 1 OR e = 2)",
            "t",
            "b t.c e d",
            "",
        ),
        (
            "SELECT a FROM t WHERE b COLLATE nocase = 'x' ORDER BY c COLLATE nocase, lower(d), e + 1",
            "t",
            "b",
            "c",
        ),
        (
            "SELECT a, count(*) FROM t GROUP BY b, t.c HAVING d > 1 ORDER BY 2",
            "t",
            "d",
            "b t.c",
        ),
        (
            "SELECT a FROM [t t] `x` WHERE `x`.[b c] = 1 AND \"x\".\"d\" = 2",
            "t t x",
            "x.b c x.d",
            "",
        ),
        (
            "SELECT a FROM \"t\" AS \"x\" JOIN \"u\" USING (\"id\")",
            "t x, u",
            "id",
            "",
        ),
        (
            "SELECT a FROM json_each('x') j, t WHERE b = j.value",
            "t",
            "b j.value",
            "",
        ),
        ("SELECT a FROM t WHERE b IS DISTINCT FROM c", "t", "", ""),
        ("SELECT a FROM t WHERE main.t.b = 1", "t", "t.b", ""),
        (
            "WITH c AS (SELECT a FROM t WHERE b = 1) SELECT a FROM c WHERE d = 2",
            "t, c",
            "b d",
            "",
        ),
        (
            "SELECT a FROM t WHERE b = 1 UNION SELECT a FROM u WHERE c = 1 ORDER BY d",
            "t, u",
            "b c",
            "d",
        ),
        (
            "INSERT INTO t(a) SELECT a FROM u WHERE b = 1 ON CONFLICT (a) DO UPDATE SET c = d WHERE e = f",
            "u",
            "b e f",
            "",
        ),
        (
            "SELECT a FROM t WHERE b = true AND c = :d AND e = 'f'",
            "t",
            "b c e",
            "",
        ),
        (
            "SELECT sum(a) OVER (PARTITION BY b ORDER BY c) FROM t",
            "t",
            "",
            "c",
        ),
        ("SELECT a FROM t WHERE", "t", "", ""),
        ("= . = ) ( , FROM . JOIN WHERE = IN ON NOT IS", "", "", ""),
        ("", "", "", ""),
    ] {
        let expected = [sources, compared, ordered];
        assert_eq!(read(sql, DoubleQuotes::MayBeStrings), expected, "{sql}");
    }
}

#[test]
fn what_is_compared_for_its_order_is_apart_and_one_of_several_is_told() {
    let told = conditions(
        "SELECT 1 FROM t WHERE a > 1 AND b = 2",
        DoubleQuotes::AreNames,
    );
    let names = |columns: &[Column]| {
        let names = columns.iter().map(|column| column.name.clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(
        (names(&told.equal), names(&told.ranges)),
        (vec!["b".to_owned()], vec!["a".to_owned()])
    );
    assert!(!told.has_or);
    let told = conditions(
        "SELECT 1 FROM t WHERE a = 1 OR b = 2",
        DoubleQuotes::AreNames,
    );
    assert!(told.has_or);
    let told = conditions(
        "INSERT OR IGNORE INTO t SELECT 1 FROM u WHERE a = 1",
        DoubleQuotes::AreNames,
    );
    assert!(!told.has_or);
}

#[test]
fn common_table_expressions_are_told() {
    let sql = "WITH RECURSIVE one(x) AS (SELECT 1), \"two\" AS MATERIALIZED (SELECT 2), three AS NOT MATERIALIZED (SELECT 3)
               SELECT a AS b FROM one AS c, two WHERE (a, b) IN (SELECT 1, 2)";
    let told = conditions(sql, DoubleQuotes::AreNames);
    assert_eq!(told.expressions, ["one", "two", "three"]);
}

#[test]
fn a_lone_name_in_double_quotes_is_told_only_if_it_is_no_string() {
    let sql = r#"SELECT a FROM t WHERE "b" = 1 AND c = "d" AND t."e" IN ("f") ORDER BY "g""#;
    let told = read(sql, DoubleQuotes::MayBeStrings);
    assert_eq!(told, ["t", "c t.e", ""]);
    let told = read(sql, DoubleQuotes::AreNames);
    assert_eq!(told, ["t", "b c d t.e", "g"]);
}
