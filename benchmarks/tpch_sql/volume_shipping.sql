SELECT a.n_name AS supplier_nation, b.n_name AS customer_nation, year(l_shipdate) AS year,
    CAST(sum(l_extendedprice * (1 - l_discount)) AS DECIMAL(38, 4)) AS volume
FROM {supplier}
JOIN {lineitem} ON s_suppkey = l_suppkey
JOIN {orders} ON o_orderkey = l_orderkey
JOIN {customer} ON c_custkey = o_custkey
JOIN {nation} a ON s_nationkey = a.n_nationkey
JOIN {nation} b ON c_nationkey = b.n_nationkey
GROUP BY ALL
