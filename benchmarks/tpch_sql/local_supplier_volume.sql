SELECT r_name, n_name, year(o_orderdate) AS year,
    CAST(sum(l_extendedprice * (1 - l_discount)) AS DECIMAL(38, 4)) AS revenue
FROM {customer}
JOIN {orders} ON c_custkey = o_custkey
JOIN {lineitem} ON l_orderkey = o_orderkey
JOIN {supplier} ON l_suppkey = s_suppkey AND c_nationkey = s_nationkey
JOIN {nation} ON s_nationkey = n_nationkey
JOIN {region} ON n_regionkey = r_regionkey
GROUP BY ALL
