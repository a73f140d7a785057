SELECT l_orderkey, CAST(sum(l_extendedprice * (1 - l_discount)) AS DECIMAL(38, 4)) AS revenue, o_orderdate,
    o_shippriority
FROM {customer}
JOIN {orders} ON c_custkey = o_custkey
JOIN {lineitem} ON l_orderkey = o_orderkey
WHERE o_orderdate < DATE '1995-03-15' AND l_shipdate > DATE '1995-03-15'
GROUP BY ALL
