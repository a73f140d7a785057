SELECT n_name AS nation, p_brand AS brand, year(o_orderdate) AS year,
    CAST(sum(l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity) AS DECIMAL(38, 4)) AS profit
FROM {part}
JOIN {lineitem} ON p_partkey = l_partkey
JOIN {partsupp} ON ps_suppkey = l_suppkey AND ps_partkey = l_partkey
JOIN {supplier} ON s_suppkey = l_suppkey
JOIN {orders} ON o_orderkey = l_orderkey
JOIN {nation} ON s_nationkey = n_nationkey
GROUP BY ALL
