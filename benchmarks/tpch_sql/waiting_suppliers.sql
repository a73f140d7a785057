SELECT s_name, n_name, count(*) AS waits
FROM {supplier}
JOIN {lineitem} a ON s_suppkey = a.l_suppkey
JOIN {orders} ON o_orderkey = a.l_orderkey
JOIN {nation} ON s_nationkey = n_nationkey
WHERE o_orderstatus = 'F' AND a.l_receiptdate > a.l_commitdate
    AND EXISTS (FROM {lineitem} b WHERE b.l_orderkey = a.l_orderkey AND b.l_suppkey <> a.l_suppkey)
    AND NOT EXISTS (
        FROM {lineitem} c
        WHERE c.l_orderkey = a.l_orderkey AND c.l_suppkey <> a.l_suppkey AND c.l_receiptdate > c.l_commitdate
    )
GROUP BY ALL
