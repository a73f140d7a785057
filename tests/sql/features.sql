FROM t

FROM t SELECT a, count(*) GROUP BY a

FROM t SELECT id WHERE id > 3

SELECT * FROM t WHERE id BETWEEN 2 AND 5 OR a IS NOT DISTINCT FROM 1

SELECT * EXCLUDE (l, st, m, j) REPLACE (a + 1 AS a) FROM t

SELECT * RENAME (id AS key) FROM u

SELECT * LIKE 'l%' FROM u

SELECT COLUMNS('^[ab]$') + 1 FROM t

SELECT COLUMNS(c -> c LIKE 'a%'), max(COLUMNS(* EXCLUDE (a, label, ts))) OVER () FROM u

SELECT t.*, u.label FROM t JOIN u USING (id) WHERE t.a < 2

SELECT date_trunc('month', ts) AS m, count(*) FILTER (WHERE a > 0) AS n, avg(price) FROM t GROUP BY ALL ORDER BY ALL

SELECT string_agg(s, ', ' ORDER BY id DESC) FROM t

SELECT array_agg(DISTINCT a ORDER BY a), list(c ORDER BY id), first(s ORDER BY id), arg_max(s, b), max(b, 2), mode(a) FROM t

SELECT quantile_cont(b, [0.1, 0.5]), median(c), percentile_cont(0.5) WITHIN GROUP (ORDER BY b DESC), approx_quantile(b, 0.5) FROM t

SELECT mode() WITHIN GROUP (ORDER BY a), percentile_disc(0.3) WITHIN GROUP (ORDER BY b) FROM t

SELECT id, sum(b) OVER w, row_number() OVER (PARTITION BY a ORDER BY id DESC) FROM t WINDOW w AS (PARTITION BY a ORDER BY id)

SELECT id, lag(c) OVER (ORDER BY id), lag(c IGNORE NULLS) OVER (ORDER BY id), lead(c, 2, -1) OVER (ORDER BY id) FROM t

SELECT id, first_value(c IGNORE NULLS) OVER (ORDER BY id), last_value(c RESPECT NULLS) OVER (ORDER BY id), nth_value(c, 3) OVER (ORDER BY id) FROM t

SELECT id, sum(b) OVER (ORDER BY d RANGE BETWEEN INTERVAL 14 DAY PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW) FROM t

SELECT id, avg(b) FILTER (WHERE a = 1) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING) FROM t

SELECT id, sum(b) OVER (ORDER BY a GROUPS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING) FROM t

SELECT * FROM u QUALIFY row_number() OVER (PARTITION BY a ORDER BY id DESC NULLS LAST) = 1

SELECT a, c, sum(b), grouping(a, c) FROM t GROUP BY GROUPING SETS ((a), (a, c), ())

SELECT a, c, sum(b) FROM t GROUP BY ROLLUP (a, c)

SELECT a, c, sum(b) FROM t GROUP BY CUBE (a, c) HAVING sum(b) > 10

SELECT a, count(*) FROM t GROUP BY 1 ORDER BY 2 DESC, 1

WITH x AS (SELECT a, sum(b) AS total FROM t GROUP BY a), y AS (SELECT * FROM x WHERE total > 100) FROM y JOIN x USING (a)

WITH x AS MATERIALIZED (SELECT 1 AS n), y(k) AS NOT MATERIALIZED (SELECT n + 1 FROM x) SELECT * FROM x, y

WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 7) SELECT sum(n) FROM r

WITH RECURSIVE r(n, total) USING KEY (n) AS (SELECT 1, 1 UNION SELECT n, total + 1 FROM r WHERE total < 4) FROM r

WITH t AS (SELECT 1 AS only) SELECT * FROM t

WITH x AS (WITH t AS (SELECT 2 AS inner_one) FROM t) SELECT x.*, (SELECT count(*) FROM t) FROM x

SELECT id FROM t UNION SELECT id FROM u EXCEPT SELECT 3 INTERSECT SELECT 3

(SELECT id FROM t ORDER BY id LIMIT 2) UNION ALL (SELECT id FROM u ORDER BY id DESC LIMIT 2) ORDER BY 1

SELECT a, id FROM t UNION ALL BY NAME SELECT id, label FROM u

SELECT id FROM t EXCEPT ALL SELECT id FROM u

SELECT t.id, u.label FROM t LEFT JOIN u ON t.id = u.id AND u.a > 0

SELECT t.id, u.id FROM t FULL OUTER JOIN u ON t.id = u.id + 8

SELECT id FROM t SEMI JOIN u USING (id)

SELECT id FROM t ANTI JOIN u ON t.id = u.id

SELECT t.id, u.id FROM t POSITIONAL JOIN u

SELECT t.id, u.label FROM t ASOF JOIN u ON t.ts >= u.ts

SELECT t.id, u.label FROM t ASOF LEFT JOIN u USING (a, ts)

SELECT t.id, q.n FROM t, LATERAL (SELECT count(*) AS n FROM u WHERE u.a = t.a) q

SELECT t.id, x.i FROM t CROSS JOIN LATERAL (SELECT unnest(t.l) AS i) x

SELECT t.id, x.i FROM t, unnest(t.l) AS x(i)

SELECT * FROM unnest(['a', 'b']) WITH ORDINALITY AS x(v, n)

SELECT * FROM range(3) r(i), generate_series(1, 2) g(j)

SELECT * FROM u NATURAL JOIN (SELECT 1 AS id, 1 AS a) v

SELECT * FROM u JOIN (t JOIN (SELECT 3 AS z) k ON k.z = t.id) ON u.id = t.id

SELECT unnest(l), id FROM t

SELECT unnest(st, recursive := true) FROM t

SELECT unnest([{'p': 1}], max_depth := 2)

SELECT list_transform(l, x -> x + 1), list_filter(l, lambda x: x > 2), list_reduce([1, 2, 3], (x, y) -> x + y), [x * 2 FOR x IN l IF x > 1] FROM t

SELECT l[1], l[-1], l[1:2], l[2:], l[:2], st.x, st.y.z, st['x'], m['k'], {'n': id}, [id, a], MAP {'q': a}, map([1], [2]), struct_pack(w := a) FROM t

SELECT j->'a', j->>'a.b', j->'$.a.b', j->>'$.a.b', j->'list'->0, json_extract_string(j, '$.list[1]') FROM t

SELECT id FROM t WHERE j->>'a.b' = 'dotted' AND (j->'a'->>'b')::INTEGER > 3

SELECT CASE WHEN a = 1 THEN 'one' WHEN a = 2 THEN 'two' ELSE 'other' END, CASE a WHEN 0 THEN 'none' END, if(a = 1, 'y', 'n') FROM t

SELECT coalesce(c, -1), nullif(a, 1), ifnull(c, 0), greatest(a, b, c), least(a, b), c IS NULL, c ISNULL, c NOTNULL FROM t

SELECT a IN (1, 2), a NOT IN (SELECT a FROM u), a = ANY ([1]), a = ANY (SELECT a FROM u), b > ALL (SELECT id FROM u), EXISTS (FROM u WHERE u.id = t.id) FROM t

SELECT (a, c) IN ((1, 2)), (a, b) = (0, 0), row(1, 'x'), (1, 2) FROM t

SELECT (SELECT max(id) FROM u WHERE u.a = t.a), ARRAY(SELECT id FROM u ORDER BY id) FROM t

SELECT a::DOUBLE, CAST(b AS DECIMAL(10,2)), TRY_CAST(s AS INTEGER), s::VARCHAR(3), [1]::DOUBLE[], {'a': 1}::STRUCT(a DOUBLE), '5'::UTINYINT, 1::HUGEINT FROM t

SELECT DATE '2020-02-29' + INTERVAL 1 YEAR, INTERVAL '1.5 hours', INTERVAL 3 DAYS, INTERVAL (1 + 1) MONTH, INTERVAL '2' WEEK, TIMESTAMP '2020-01-01' AT TIME ZONE 'UTC', d - DATE '2013-01-01' FROM t

SELECT extract(year FROM d), extract('dow' FROM d), date_part('month', d), year(d), dayname(d), strftime(d, '%Y-%m'), date_diff('day', d, DATE '2014-01-01'), last_day(d), time_bucket(INTERVAL '7 days', d) FROM t

SELECT strptime('2013-01-02', '%Y-%m-%d'), make_date(2013, 1, 2), epoch(ts), to_timestamp(0) AT TIME ZONE 'UTC', age(ts, TIMESTAMP '2012-01-01'), to_days(3) FROM t

SELECT upper(s), left(s, 2), right(s, 1), substring(s FROM 2 FOR 3), substring(s, 2), substr(s, 2, 2), trim(BOTH ' ' FROM s), trim(s, 'N'), replace(s, 'a', 'o'), position('me' IN s), split_part(s, ' ', 2), s[1:4], s.lower().upper() FROM t

SELECT s LIKE 'N%1', s NOT LIKE '%2', s ILIKE 'name%', s LIKE 'N!%' ESCAPE '!', s GLOB 'N*', s SIMILAR TO 'N.*', s ~ 'Name 1', s ~ 'Name 1.*', s !~ 'x', regexp_matches(s, '1'), regexp_replace(s, '(\d)', '<\1>', 'g'), regexp_extract(s, '(\d+)', 1), starts_with(s, 'N'), s ^@ 'N' FROM t

SELECT concat(s, a), concat_ws('-', s, a), s || '!' || a, format('{}:{}', s, a), printf('%d', a), lpad(s, 8, '.'), md5(s), length(s), reverse(s), string_split(s, ' ') FROM t

SELECT b / 4, b // 4, b % 4, a ** 2, 2 ^ 3, -a, +a, @(a - 5), ~a, a & 1, a | 4, xor(a, 1), 1 << a, 8 >> a, a * b + c, (a + b) * 2, round(price, 1), ceil(price), floor(price), trunc(price) FROM t

SELECT a = 1 AND NOT b > 20 OR c IS NULL, a <> 1, a != 1, a == 1, NOT a = 1, a NOT BETWEEN 1 AND 2 FROM t

SELECT 'it''s', E'a\nb', $$dollar$$, $tag$ta'g$tag$, 1e5, 1_000, .5, 5., true, NULL, '' FROM u

SELECT 1 AS "a b", 2 "c""d", 3 AS 'quoted', four: 4, id "FROM" FROM u

SELECT "select", "x""y", "weird ""name"."FROM" FROM "weird ""name"

SELECT id AS ID, Id FROM T ORDER BY iD LIMIT 3 OFFSET 1

SELECT DISTINCT a FROM t

SELECT DISTINCT ON (a) a, id FROM t ORDER BY a, id DESC

SELECT id FROM t ORDER BY c DESC NULLS FIRST, id ASC LIMIT 5

SELECT id FROM t ORDER BY id LIMIT 25%

SELECT id FROM t ORDER BY s COLLATE NOCASE, id

SELECT id, a + 1 AS next, next * 2 AS twice FROM t WHERE next > 1

SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v(n, w)

VALUES (1, 'a'), (2, NULL)

SELECT a, id, FROM u

SELECT * FROM t PIVOT (sum(b) AS total FOR a IN (0, 1, 2) GROUP BY c)

PIVOT u ON a IN (0, 1) USING count(*) AS n, max(id) GROUP BY label

FROM (PIVOT u ON a IN (0, 1) USING sum(id))

WITH q AS (SELECT a, id FROM u) PIVOT q ON a IN (1) USING sum(id)

UNPIVOT (SELECT id, a, a + 1 AS b FROM u) ON a, b INTO NAME k VALUE v

UNPIVOT (SELECT id, a FROM u) ON COLUMNS(* EXCLUDE (id)) INTO NAME k VALUE v

SELECT * FROM (SELECT id, a, NULL::BIGINT AS n FROM u) UNPIVOT INCLUDE NULLS (v FOR k IN (a, n))

SELECT count(*) FROM t TABLESAMPLE 100%

SELECT count(*) FROM t USING SAMPLE reservoir(5 ROWS) REPEATABLE (1)

SELECT try(1 // 0), typeof(a), hash(a) = hash(a), a.typeof() FROM u

SELECT t FROM t WHERE t.id = 1

SELECT st.* FROM t

SELECT sum(DISTINCT a), count(DISTINCT (a, c)), count(c), bool_and(a < 3), corr(a, b), stddev(b), histogram(a), any_value(a) IS NULL FROM t

SELECT max(b) - min(b) AS "range", sum(b) * 100.0 / sum(sum(b)) OVER () FROM t GROUP BY a

SELECT 1 WHERE 'a'
'b' = 'ab'

SELECT -- a comment
    /* another; with a semicolon */ count(*) FROM t;
